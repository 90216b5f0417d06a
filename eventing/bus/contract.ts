import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import type { Archive } from "./archive.ts";
import { type Bus, type Delivery, EventTooLargeError } from "./bus.ts";
import type { DeadLetter } from "./dead-letter.ts";

const on = [{ type: resource.update, kind: "Account" }, { type: fact.ready }];

/** An Account event with an id of its own. */
export function accountEvent(id: string, overrides: Partial<CloudEvent> = {}): CloudEvent {
  return {
    specversion: "1.0",
    id,
    type: resource.update,
    source: "https://kcp.example/clusters/1abc",
    subject: "/apis/core.platform-mesh.io/v1alpha1/accounts/foo",
    kind: "Account",
    accountkey: "1abc/foo",
    data: { metadata: { name: "foo" } },
    ...overrides,
  };
}

/** The time that a bus lives in: the real one, or one that passes when it is waited for. */
export interface TestTime {
  now(): number;
  pass(ms: number): Promise<unknown>;
}

/** Collects deliveries, so that a test can wait for one. */
export class Inbox {
  readonly #time: TestTime;
  readonly all: Delivery[] = [];
  readonly deliver = (delivery: Delivery): void => {
    this.all.push(delivery);
  };
  constructor(time: TestTime) {
    this.#time = time;
  }
  /** The nth delivery, counted from 0; rejects when there is none within `ms` milliseconds. */
  async at(index: number, ms = 10_000): Promise<Delivery> {
    const end = this.#time.now() + ms;
    for (;;) {
      const delivery = this.all[index];
      if (delivery) return delivery;
      if (this.#time.now() > end) throw new Error(`no delivery ${index} within ${ms} ms, ${this.all.length} so far`);
      await this.#time.pass(5);
    }
  }
  ids(): string[] {
    return this.all.map(({ event }) => event.id);
  }
}

/** All of it. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

/** What every bus does; each test gets a bus of its own. */
export function busContract(name: string, time: TestTime, create: () => Promise<Bus & Archive>): void {
  describe(name, () => {
    let bus: Bus & Archive;
    let inbox: Inbox;
    const subscribe = (overrides: { function?: string; maxInFlight?: number; deliver?: Inbox["deliver"] } = {}) => {
      const { deliver = inbox.deliver, ...rest } = overrides;
      return bus.subscribe({ function: "ready-maker", on, maxInFlight: 160, ...rest }, deliver);
    };
    beforeEach(async () => {
      bus = await create();
      inbox = new Inbox(time);
    });
    afterEach(() => bus.close());

    it("delivers each event to every function that wants it", async () => {
      const other = new Inbox(time);
      await subscribe();
      await subscribe({ function: "other", deliver: other.deliver });
      const event = accountEvent("1", { data: { text: "ä€😀", list: [1, null, true] }, phase: "" });
      await bus.publish(event);
      expect((await inbox.at(0)).event).toEqual(event);
      expect((await other.at(0)).event).toEqual(event);
      await Promise.all([...inbox.all, ...other.all].map((delivery) => delivery.ack()));
    });

    it("delivers forwarded events by kind and own events by type, and nothing else", async () => {
      await subscribe();
      await bus.publish(accountEvent("unwanted kind", { kind: "Workspace" }));
      await bus.publish(accountEvent("unwanted verb", { type: resource.add }));
      await bus.publish(accountEvent("unwanted fact", { type: fact.failed }));
      await bus.publish(accountEvent("own", { type: fact.ready }));
      await bus.publish(accountEvent("forwarded"));
      await inbox.at(1);
      expect(inbox.ids()).toEqual(["own", "forwarded"]);
    });

    it("keeps the order of one account", async () => {
      await subscribe();
      const ids = Array.from({ length: 100 }, (_, index) => `${index}`);
      for (const id of ids) await bus.publish(accountEvent(id));
      for (const index of ids.keys()) await (await inbox.at(index)).ack();
      expect(inbox.ids()).toEqual(ids);
    });

    it("holds back what is beyond the number in flight", async () => {
      await subscribe({ maxInFlight: 16 });
      await bus.publish(accountEvent("1"));
      for (let index = 2; index <= 20; index++) await bus.publish(accountEvent(`${index}`));
      await inbox.at(0);
      await time.pass(100);
      const held = inbox.all.length;
      expect(held).toBeLessThanOrEqual(16);
      for (let index = 0; index < 20; index++) await (await inbox.at(index)).ack();
    });

    it("002 stores an event with the id of an earlier one only once", async () => {
      await subscribe();
      await Promise.all([1, 2, 3].map(() => bus.publish(accountEvent("same"))));
      await bus.publish(accountEvent("last"));
      await inbox.at(1);
      expect(inbox.ids()).toEqual(["same", "last"]);
      expect((await collect(bus.history())).map(({ event }) => event.id)).toEqual(["same", "last"]);
    });

    it("delivers to a new function what the history holds", async () => {
      await bus.publish(accountEvent("before"));
      await subscribe();
      expect((await inbox.at(0)).event.id).toBe("before");
    });

    it("keeps what comes while nobody reads, and goes on after a stop", async () => {
      const first = await subscribe();
      await bus.publish(accountEvent("1"));
      await (await inbox.at(0)).ack();
      await first.stop();
      await bus.publish(accountEvent("2"));
      await time.pass(50);
      expect(inbox.ids()).toEqual(["1"]);
      await subscribe();
      await (await inbox.at(1)).ack();
      expect(inbox.ids()).toEqual(["1", "2"]);
    });

    it("settles after a stop what was under way", async () => {
      const first = await subscribe();
      await bus.publish(accountEvent("1"));
      const delivery = await inbox.at(0);
      await first.stop();
      await delivery.ack();
      await subscribe();
      await bus.publish(accountEvent("2"));
      await inbox.at(1);
      expect(inbox.ids()).toEqual(["1", "2"]);
    });

    it("delivers again after a retry, and counts it", async () => {
      await subscribe();
      await bus.publish(accountEvent("1"));
      const first = await inbox.at(0);
      const since = time.now();
      await first.retry(300);
      const second = await inbox.at(1);
      expect(time.now() - since).toBeGreaterThanOrEqual(290);
      expect([first.attempt, second.attempt]).toEqual([1, 2]);
      await second.retry(0);
      expect((await inbox.at(2)).attempt).toBe(3);
      await (await inbox.at(2)).ack();
    });

    it("goes on with other events while many wait for a retry", async () => {
      await subscribe({ maxInFlight: 16 });
      for (let index = 0; index < 20; index++) {
        await bus.publish(accountEvent(`bad ${index}`));
        await (await inbox.at(index)).retry(60_000);
      }
      await bus.publish(accountEvent("good"));
      expect((await inbox.at(20)).event.id).toBe("good");
    });

    it("delivers again after a requeue, to this function alone, and does not count it", async () => {
      const other = new Inbox(time);
      await subscribe();
      await subscribe({ function: "other", deliver: other.deliver });
      await bus.publish(accountEvent("1"));
      await (await other.at(0)).ack();
      const first = await inbox.at(0);
      await first.retry(0);
      const second = await inbox.at(1);
      const since = time.now();
      await Promise.all([second.requeue(600)]);
      const third = await inbox.at(2);
      const waited = time.now() - since;
      expect(waited).toBeGreaterThanOrEqual(590);
      expect(waited).toBeLessThan(2_000);
      expect(third.event).toEqual(first.event);
      expect(third.attempt).toBe(1);
      await third.requeue(0);
      await (await inbox.at(3)).ack();
      expect(other.all).toHaveLength(1);
      expect(await collect(bus.history())).toHaveLength(1);
    });

    it("keeps several requeued events of one function apart", async () => {
      await subscribe();
      for (const id of ["1", "2", "3"]) await bus.publish(accountEvent(id));
      const delays = [900, 300, 600];
      for (const [index, ms] of delays.entries()) await (await inbox.at(index)).requeue(ms);
      await inbox.at(5);
      expect(inbox.ids().slice(3)).toEqual(["2", "3", "1"]);
      for (const delivery of inbox.all.slice(3)) await delivery.ack();
    });

    it("moves an event to the dead letters with its reason, and ends it", async () => {
      await subscribe();
      const event = accountEvent("1", { data: { keep: "me" } });
      await bus.publish(event);
      await (await inbox.at(0)).deadLetter({ code: 422, reason: "spec.type: no such type" });
      await bus.publish(accountEvent("2"));
      await (await inbox.at(1)).ack();
      const letters = await collect(bus.deadLetters("ready-maker"));
      expect(letters.map((letter) => letter.event as DeadLetter)).toEqual([
        {
          ...event,
          knativeerrordest: "ready-maker",
          knativeerrorcode: "422",
          knativeerrordata: "spec.type: no such type",
          deliveryattempts: "1",
        },
      ]);
      expect(await collect(bus.deadLetters("other"))).toEqual([]);
      expect(await collect(bus.deadLetters())).toHaveLength(1);
      expect(inbox.ids()).toEqual(["1", "2"]);
    });

    it("makes a delivery again that nobody ended, unless it is extended", async () => {
      await subscribe();
      await bus.publish(accountEvent("forgotten", { accountkey: "1abc/a" }));
      await bus.publish(accountEvent("extended", { accountkey: "1abc/b" }));
      await inbox.at(1);
      const extended = inbox.all.find(({ event }) => event.id === "extended");
      for (let second = 1; second <= 7; second++) {
        extended?.extend();
        await time.pass(1_000);
      }
      const again = await inbox.at(2);
      expect(again.event.id).toBe("forgotten");
      expect(again.attempt).toBe(2);
      expect(inbox.all).toHaveLength(3);
      for (const delivery of inbox.all) await delivery.ack();
    });

    it("reads the history in order, from a sequence or a time", async () => {
      for (const id of ["1", "2"]) await bus.publish(accountEvent(id));
      await time.pass(30);
      const since = new Date(time.now());
      await time.pass(30);
      await bus.publish(accountEvent("3", { accountkey: "other/account", kind: "Workspace" }));
      const all = await collect(bus.history());
      expect(all.map(({ event }) => event.id)).toEqual(["1", "2", "3"]);
      const second = all[1]?.sequence ?? 0;
      expect((await collect(bus.history({ fromSequence: second }))).map(({ event }) => event.id)).toEqual(["2", "3"]);
      expect((await collect(bus.history({ since }))).map(({ event }) => event.id)).toEqual(["3"]);
    });

    it("follows the history until told to stop", async () => {
      await bus.publish(accountEvent("1"));
      const stop = new AbortController();
      const seen: string[] = [];
      const following = (async () => {
        for await (const { event } of bus.history({ follow: true, signal: stop.signal })) {
          seen.push(event.id);
          if (seen.length === 3) stop.abort();
        }
      })();
      await time.pass(50);
      for (const id of ["2", "3"]) await bus.publish(accountEvent(id));
      await following;
      expect(seen).toEqual(["1", "2", "3"]);
    });

    it("ends an empty history at once", async () => {
      expect(await collect(bus.history())).toEqual([]);
    });

    it("takes an event of 5 MiB, and refuses one that is larger than maxBytes", async () => {
      await subscribe();
      const large = accountEvent("large", { data: { text: "x".repeat(5 * 1024 * 1024) } });
      await bus.publish(large);
      expect((await inbox.at(0)).event).toEqual(large);
      await (await inbox.at(0)).deadLetter({ code: 500, reason: "too much" });
      const tooLarge = accountEvent("too large", { data: { text: "x".repeat(bus.maxBytes) } });
      await expect(bus.publish(tooLarge)).rejects.toThrow(EventTooLargeError);
      const largest = accountEvent("largest", { data: { text: "x".repeat(bus.maxBytes - 1024) } });
      await bus.publish(largest);
      await (await inbox.at(1)).requeue(0);
      await (await inbox.at(2)).deadLetter({ code: 500, reason: "y".repeat(5000) });
      expect(await collect(bus.deadLetters())).toHaveLength(2);
    });

    it("publishes nothing when the signal has aborted", async () => {
      await expect(bus.publish(accountEvent("1"), AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
      expect(await collect(bus.history())).toEqual([]);
    });

    it("remembers checkpoints by shard, kind and key", async () => {
      const checkpoint = await bus.checkpoint();
      const entry = { uid: "u", resourceVersion: "7", accountkey: "1abc/foo" };
      const shard = "https://shard.example:6443/services/é *>";
      await checkpoint.set(shard, "Account", "1abc/foo.bar", entry);
      await checkpoint.set(shard, "Account", "1abc/foo.bar", { uid: "u", resourceVersion: "8" });
      await checkpoint.set(shard, "Account", "1abc/gone", entry);
      await checkpoint.delete(shard, "Account", "1abc/gone");
      await checkpoint.delete(shard, "Account", "1abc/never-there");
      await checkpoint.set(shard, "Workspace", "1abc/foo", entry);
      await checkpoint.set("other", "Account", "1abc/foo", entry);
      const again = await bus.checkpoint();
      expect(await again.load(shard, "Account")).toEqual(
        new Map([["1abc/foo.bar", { uid: "u", resourceVersion: "8" }]]),
      );
      expect(await again.load(shard, "Workspace")).toEqual(new Map([["1abc/foo", entry]]));
      expect(await again.load("nowhere", "Account")).toEqual(new Map());
    });

    it("tells whether it is connected", async () => {
      expect(bus.connected).toBe(true);
      await bus.close();
      expect(bus.connected).toBe(false);
      await expect(bus.publish(accountEvent("1"))).rejects.toThrow();
    });
  });
}
