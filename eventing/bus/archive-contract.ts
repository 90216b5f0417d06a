import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fact } from "../../shared/event.ts";
import { defaultSettings } from "../../shared/settings.ts";
import type { Invocation } from "../recording/invocation.ts";
import type { Archive } from "./archive.ts";
import type { Bus } from "./bus.ts";
import { accountEvent, collect } from "./contract.ts";
import { revived } from "./dead-letter.ts";

const bounds = { maxAgeMs: 60 * 60 * 1000, maxBytes: 16 * 1024 * 1024 };

/** A recording of one invocation without reads and writes. */
export function recording(id: string, more: Partial<Invocation> = {}): Invocation {
  return {
    function: "ready-maker",
    version: "1.2.3",
    event: accountEvent(id),
    attempt: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    ms: 12.5,
    settings: { ...defaultSettings, disabledSteps: [] },
    clock: [{ turn: 0, now: 1 }],
    objects: [],
    reads: [],
    writes: [],
    result: { outcome: "done", events: [] },
    ...more,
  };
}

export interface ArchiveUnderTest {
  readonly bus: Bus;
  readonly archive: Archive;
  close(): Promise<void>;
}

/** What every archive does, wherever it is read from; each test gets a bus of its own. */
export function archiveContract(name: string, create: () => Promise<ArchiveUnderTest>): void {
  describe(name, () => {
    let made: ArchiveUnderTest;
    let bus: Bus;
    let archive: Archive;
    beforeEach(async () => {
      made = await create();
      ({ bus, archive } = made);
    });
    afterEach(() => made.close());

    const record = async (...invocations: readonly Invocation[]) => {
      const records = await bus.records(bounds);
      for (const invocation of invocations) records.append(invocation);
      await records.flush();
    };
    const recorded = async (options?: Parameters<Archive["invocations"]>[0]) =>
      (await collect(archive.invocations(options))).map(({ invocation }) => invocation.event.id);
    /** What a function receives, as `<id> attempt <n>`; it gives up the first delivery of `dead`. */
    const receive = async (functionName: string, dead?: string) => {
      const received: string[] = [];
      await bus.subscribe({ function: functionName, on: [{ type: fact.ready }], maxInFlight: 16 }, (delivery) => {
        const { event, attempt } = delivery;
        const givesUp = event.id === dead && received.length === 0;
        void (givesUp ? delivery.deadLetter({ code: 422, reason: "never" }) : delivery.ack()).then(() =>
          received.push(`${event.id} attempt ${attempt}`),
        );
      });
      return received;
    };
    const giveUp = async (id: string) => {
      const received = await receive("ready-maker", id);
      await bus.publish(accountEvent(id, { type: fact.ready }));
      await expect.poll(() => received).toHaveLength(1);
      return received;
    };

    it("tells the history from a sequence or a time, and follows it until told to stop", async () => {
      const events = ["1", "2", "3"].map((id) => accountEvent(id, { data: { text: `ä😀 ${id}` } }));
      for (const event of events) await bus.publish(event);
      const all = await collect(archive.history());
      expect(all.map(({ event }) => event)).toEqual(events);
      const from = { fromSequence: all[1]?.sequence ?? 0 };
      expect((await collect(archive.history(from))).map(({ event }) => event.id)).toEqual(["2", "3"]);
      expect(await collect(archive.history({ since: new Date(Date.now() + 60_000) }))).toEqual([]);
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const { event } of archive.history({ follow: true, signal: stop.signal })) {
        seen.push(event.id);
        if (event.id === "3") await bus.publish(accountEvent("4"));
        if (event.id === "4") stop.abort();
      }
      expect(seen).toEqual(["1", "2", "3", "4"]);
    });

    it("tells recordings as they were made, oldest first", async () => {
      expect(await collect(archive.invocations())).toEqual([]);
      const made = ["1", "2"].map((id) => recording(id));
      await record(...made);
      const told = await collect(archive.invocations());
      expect(told.map(({ invocation }) => invocation)).toEqual(made);
      expect(told[0]?.sequence).toBeLessThan(told[1]?.sequence ?? 0);
      expect(await recorded({ fromSequence: told[1]?.sequence ?? 0 })).toEqual(["2"]);
      expect(await recorded({ since: new Date(Date.now() + 60_000) })).toEqual([]);
    });

    it("tells recordings of one account or function", async () => {
      const other = { event: accountEvent("2", { accountkey: "1abc/bar" }) };
      await record(recording("1"), recording("2", other), recording("3", { function: "other" }));
      expect(await recorded({ accountkey: "1abc/foo" })).toEqual(["1", "3"]);
      expect(await recorded({ function: "ready-maker" })).toEqual(["1", "2"]);
      expect(await recorded({ accountkey: "1abc/foo", function: "other" })).toEqual(["3"]);
      expect(await recorded({ accountkey: "1abc/nobody" })).toEqual([]);
    });

    it("follows recordings", async () => {
      await record(recording("1"));
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const { invocation } of archive.invocations({ follow: true, signal: stop.signal })) {
        seen.push(invocation.event.id);
        if (seen.length === 1) await record(recording("2"));
        else stop.abort();
      }
      expect(seen).toEqual(["1", "2"]);
    });

    it("keeps a recording that is too large without its largest objects, and others as they are", async () => {
      const object = (name: string, text: string) => ({
        ...{ apiVersion: "v1", kind: "ConfigMap" },
        metadata: { name, uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
        text,
      });
      const giant = recording("giant", { objects: [object("small", "x"), object("giant", "x".repeat(9_000_000))] });
      const hopeless = recording("hopeless", { version: "x".repeat(9_000_000) });
      await record(giant, hopeless, recording("next"));
      expect(await recorded()).toEqual(["giant", "next"]);
      const [cut] = await collect(archive.invocations());
      expect(cut?.invocation.objects).toEqual([object("small", "x"), { leftOut: expect.any(Number) }]);
    });

    it("tells the dead letters with reason, attempts and the function's version, of one function or all", async () => {
      await giveUp("1");
      const [letter, ...more] = await collect(archive.deadLetters());
      expect(more).toEqual([]);
      expect(letter?.event).toEqual({
        ...accountEvent("1", { type: fact.ready }),
        knativeerrordest: "ready-maker",
        knativeerrorcode: "422",
        knativeerrordata: "never",
        deliveryattempts: "1",
        functionversion: "1.2.3",
      });
      expect(await collect(archive.deadLetters("ready-maker"))).toHaveLength(1);
      expect(await collect(archive.deadLetters("other"))).toEqual([]);
    });

    it("hands a dead letter to its function again, to nobody else, as a first delivery", async () => {
      const others = await receive("other");
      const received = await giveUp("1");
      const [letter] = await collect(archive.deadLetters("ready-maker"));
      if (!letter) throw new Error("no dead letter");
      expect(revived(letter.event)).toEqual(accountEvent("1", { type: fact.ready }));
      await archive.redeliver(revived(letter.event), "ready-maker");
      await expect.poll(() => received).toEqual(["1 attempt 1", "1 attempt 1"]);
      expect(others).toEqual(["1 attempt 1"]);
    });

    it("drops one dead letter, and says when there is none", async () => {
      await giveUp("1");
      const [letter] = await collect(archive.deadLetters());
      const [event] = await collect(archive.history());
      if (!letter || !event) throw new Error("nothing is kept");
      expect(await archive.dropDeadLetter(letter.sequence + 1000)).toBe(false);
      expect(await archive.dropDeadLetter(letter.sequence)).toBe(true);
      expect(await archive.dropDeadLetter(letter.sequence)).toBe(false);
      expect(await collect(archive.deadLetters())).toEqual([]);
      expect(await collect(archive.history())).toHaveLength(1);
    });
  });
}
