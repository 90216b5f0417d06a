import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ApiError, type Target } from "../shared/kcp/client.ts";
import { becomeLeader, type ElectionOptions, type Lease, leaseName } from "./leader.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const timing = { leaseDuration: 1000, renewDeadline: 60, retryPeriod: 10 };

/** One Lease with the server's rules: one creation, and no write with an old resourceVersion. */
class Leases {
  lease: Lease | undefined;
  down = false;
  writes = 0;
  #version = 0;

  readonly client: ElectionOptions["client"] = {
    read: async <T>() => this.#answer() as T | undefined,
    create: async <T>(_resource: unknown, _cluster: string, object: object) => {
      this.#answer();
      if (this.lease) throw new ApiError("exists", { code: 409, reason: "AlreadyExists" });
      return this.#store(object as Lease) as unknown as T;
    },
    mergePatch: async <T>(_resource: unknown, _target: Target, patch: object) => {
      const present = this.#answer();
      const { metadata, spec } = patch as Lease;
      if (!present) throw new ApiError("gone", { code: 404, reason: "NotFound" });
      if (metadata.resourceVersion !== present.metadata.resourceVersion) {
        throw new ApiError("changed", { code: 409, reason: "Conflict" });
      }
      return this.#store({ ...present, spec: { ...present.spec, ...spec } }) as unknown as T;
    },
  };

  /** Somebody else writes it. */
  write(spec: Lease["spec"]): void {
    if (this.lease) this.#store({ ...this.lease, spec: { ...this.lease.spec, ...spec } });
  }

  #answer(): Lease | undefined {
    if (this.down) throw new Error("no answer");
    return this.lease;
  }
  #store(lease: Lease): Lease {
    this.writes++;
    this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++this.#version) } };
    return this.lease;
  }
}

const options = (leases: Leases, identity: string): ElectionOptions => ({
  ...{ client: leases.client, workspace: "root:platform-mesh-system", identity, log: silent, timing },
});
const forever = new AbortController().signal;

describe("002-C32 leader election", () => {
  test("makes the Lease of the reference operator and renews it", async () => {
    const leases = new Leases();
    const term = await becomeLeader(options(leases, "one"), forever);
    expect(leases.lease).toMatchObject({
      metadata: { name: leaseName, namespace: "default" },
      spec: { holderIdentity: "one" },
    });
    expect(leaseName).toBe("8c290d9a.platform-mesh.io");
    expect(leases.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const { writes } = leases;
    await delay(50);
    expect(leases.writes).toBeGreaterThan(writes);
    expect(term.lost.aborted).toBe(false);
    await term.release();
  });

  test("one of two that try at once wins; release lets the other follow at once", async () => {
    const leases = new Leases();
    const terms = ["one", "two"].map((name) => becomeLeader(options(leases, name), forever));
    const winner = await Promise.race(terms);
    const first = leases.lease?.spec?.holderIdentity;
    await delay(40);
    expect(leases.lease?.spec?.holderIdentity).toBe(first);
    await winner.release();
    const [one, two] = await Promise.all(terms);
    expect(leases.lease?.spec?.holderIdentity).toBe(first === "one" ? "two" : "one");
    expect(leases.lease?.spec?.leaseTransitions).toBe(1);
    await (winner === one ? two : one)?.release();
  });

  test("a holder that is silent for the lease's duration is replaced, however its clock goes", async () => {
    const leases = new Leases();
    await (await becomeLeader(options(leases, "old"), forever)).release();
    leases.write({ holderIdentity: "old", leaseDurationSeconds: 1, renewTime: "2099-01-01T00:00:00.000000Z" });
    const started = Date.now();
    const term = await becomeLeader(options(leases, "new"), forever);
    expect(Date.now() - started).toBeGreaterThanOrEqual(1000);
    await term.release();
  });

  test("ends at once when another one is named", async () => {
    const leases = new Leases();
    const term = await becomeLeader(options(leases, "one"), forever);
    leases.write({ holderIdentity: "thief" });
    await delay(40);
    expect(term.lost.aborted).toBe(true);
    expect(String(term.lost.reason.cause)).toContain("taken by thief");
    await term.release();
    expect(leases.lease?.spec?.holderIdentity).toBe("thief");
  });

  test("ends when it cannot renew, before anybody may take over", async () => {
    const leases = new Leases();
    const started = Date.now();
    const term = await becomeLeader(options(leases, "one"), forever);
    leases.down = true;
    await new Promise((resolve) => term.lost.addEventListener("abort", resolve));
    expect(Date.now() - started).toBeLessThan(timing.leaseDuration);
    await term.release();
  });

  test("goes on when the Lease was touched by somebody and still names it", async () => {
    const leases = new Leases();
    const term = await becomeLeader(options(leases, "one"), forever);
    leases.write({});
    await delay(50);
    expect(term.lost.aborted).toBe(false);
    await term.release();
  });

  test("waits for a server that is down, and gives up when told", async () => {
    const leases = new Leases();
    leases.down = true;
    const stop = new AbortController();
    const standing = becomeLeader(options(leases, "one"), stop.signal);
    await delay(30);
    stop.abort(new Error("stop"));
    await expect(standing).rejects.toThrow();
  });
});
