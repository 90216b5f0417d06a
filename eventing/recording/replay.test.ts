import { describe, expect, test } from "vitest";
import { functions, steps } from "../../functions/index.ts";
import { type AccountFunction, done, drop } from "../../shared/function.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import { UnreachableError } from "../../shared/kcp/errors.ts";
import type { Pass } from "../../shared/pass.ts";
import { FakeKcp, orgsCluster } from "../../test/fake-kcp.ts";
import { recordingOf } from "../../test/recordings.ts";
import { forwarded, startOfTime } from "../../test/run-functions.ts";
import { replay } from "./replay.ts";

const key = `${orgsCluster}/acme`;
const added = forwarded("Account", key, { verb: "add", name: "acme" });

function find(name: string): AccountFunction {
  const fn = functions.find((each) => each.name === name);
  if (!fn) throw new Error(name);
  return fn;
}
const createWorkspace = find("create-workspace");
/** The function with another handler, as somebody may have written it by mistake. */
const broken = (handle: (pass: Pass) => ReturnType<AccountFunction["handle"]>): AccountFunction => ({
  ...createWorkspace,
  handle: (_event, deps) => handle(deps),
});

/** Late enough that progress is told in the status. */
const later = () => startOfTime + 30_000;

async function recordAcme() {
  const kcp = new FakeKcp();
  kcp.account("acme");
  return { kcp, recording: await recordingOf(kcp, createWorkspace, added, { now: later }) };
}

test("the same function does the same on what was recorded", async () => {
  const { recording } = await recordAcme();
  expect(recording.writes).toHaveLength(4);
  const replayed = await replay(recording, createWorkspace, steps);
  expect(replayed).toMatchObject({ differs: false, newReads: [], isReordered: false });
  expect(replayed.writes.map(({ differs }) => differs)).toEqual([false, false, false, false]);
});

describe("a difference shows", () => {
  test("in what is no longer written, and in how it ends", async () => {
    const { recording } = await recordAcme();
    const { differs, writes, result } = await replay(
      recording,
      broken(async () => drop("a wrong condition")),
      steps,
    );
    expect(differs).toBe(true);
    expect(writes.map(({ was, now }) => [was?.target.name, now])).toEqual([
      ["acme", undefined],
      ["acme-org", undefined],
      ["acme-account", undefined],
      ["acme", undefined],
    ]);
    expect(result).toMatchObject({
      was: { outcome: "waiting" },
      now: { outcome: "drop", reason: "a wrong condition" },
    });
  });

  test("in what is written otherwise, and all after it goes on from there", async () => {
    const { recording } = await recordAcme();
    const otherFinalizer = broken(async (pass) => {
      const world = await pass.worldOf(added);
      if (world) await pass.claimAccount(world, ["another"]);
      return done({ type: "seen", data: world?.account.metadata.finalizers });
    });
    const { writes, result } = await replay(recording, { ...otherFinalizer, steps: [] }, []);
    expect(writes[0]).toMatchObject({
      was: { verb: "mergePatch", target: { name: "acme" } },
      now: { body: { metadata: { finalizers: ["another"] } } },
      differs: true,
    });
    expect(result.now).toMatchObject({ events: [{ data: ["another"] }] });
  });

  test("in what is read that was not read then", async () => {
    const { recording } = await recordAcme();
    const curious = broken(async (pass) => {
      const info = await pass.infoIn("elsewhere");
      const accounts = await pass.accountsIn("elsewhere");
      return done({ type: "seen", data: [info ?? null, accounts] });
    });
    const { newReads, result, differs } = await replay({ ...recording, writes: [] }, curious, []);
    expect(newReads).toEqual(["AccountInfo account in elsewhere", "all accounts in elsewhere"]);
    expect(result.now).toMatchObject({ events: [{ data: [null, []] }] });
    expect(differs).toBe(true);
  });

  test("in an order of writes that is another one", async () => {
    const { recording } = await recordAcme();
    const [first, second, ...rest] = recording.writes;
    const swapped = { ...recording, writes: [second, first, ...rest].flatMap((write) => write ?? []) };
    expect(await replay(swapped, createWorkspace, steps)).toMatchObject({ isReordered: true, differs: true });
  });

  test("in a function that goes in circles", async () => {
    const { recording } = await recordAcme();
    const circling = broken(async (pass) => {
      for (;;) await pass.infoIn("elsewhere");
    });
    const { result } = await replay(recording, circling, steps);
    expect(result.now).toMatchObject({
      outcome: "error",
      error: { message: "more than 10000 calls in one invocation" },
    });
  });
});

describe("errors are replayed as they were", () => {
  test.each<[string, Error, string, string?]>([
    [
      "a conflict that is decided anew",
      new ApiError("no", { code: 409, reason: "Conflict" }),
      "waiting",
      "patch Account",
    ],
    ["a server that is away", new UnreachableError("gone"), "error"],
    ["an invalid write, which is told in the status", new ApiError("no", { code: 422, reason: "Invalid" }), "error"],
    ["a programming error", new TypeError("x is undefined"), "error"],
  ])("%s", async (_name, failure, outcome, write = "create WorkspaceType") => {
    const kcp = new FakeKcp();
    kcp.account("acme");
    kcp.failures.set(write, failure);
    const recording = await recordingOf(kcp, createWorkspace, added, { attempt: 3 });
    expect(recording.result.outcome).toBe(outcome);
    expect(recording.writes.find(({ error }) => error)?.error).toMatchObject({ name: failure.name });
    expect(await replay(recording, createWorkspace, steps)).toMatchObject({ differs: false });
  });

  test("an invocation that was told to stop", async () => {
    const kcp = new FakeKcp();
    kcp.account("acme");
    const stop = new AbortController();
    const failure = new Error("no outcome within 60000 ms");
    kcp.failures.set("create WorkspaceType", failure);
    const now = () => {
      stop.abort(failure);
      return later();
    };
    const recording = await recordingOf(kcp, createWorkspace, added, { attempt: 3, signal: stop.signal, now });
    expect(recording.writes.at(-1)?.error).toMatchObject({ aborted: true });
    expect(await replay(recording, createWorkspace, steps)).toMatchObject({ differs: false });
  });
});

test("an object is recorded once, and not beside the event that brings it", async () => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  const data = kcp.get("Account", orgsCluster, "acme");
  const recording = await recordingOf(kcp, createWorkspace, { ...added, data });
  expect(recording.reads[0]).toMatchObject({ kind: "Account", answer: "event" });
  const states = recording.objects.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`);
  expect(new Set(states).size).toBe(states.length);
  expect(await replay(recording, createWorkspace, steps)).toMatchObject({ differs: false });
});
