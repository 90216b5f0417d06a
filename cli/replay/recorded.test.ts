import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Invocation } from "../../eventing/recording/invocation.ts";
import { functions } from "../../functions/index.ts";
import { fact } from "../../shared/event.ts";
import { writeExport } from "../../test/exported.ts";
import { FakeKcp, orgsCluster } from "../../test/fake-kcp.ts";
import { recordingOf } from "../../test/recordings.ts";
import { forwarded, startOfTime } from "../../test/run-functions.ts";
import { runPm } from "../../test/run-pm.ts";

let folder: string;
let good: Invocation;
const file = () => join(folder, "export.jsonl");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
  const kcp = new FakeKcp();
  kcp.account("acme");
  const fn = functions.find(({ name }) => name === "create-workspace");
  const place = { name: "acme", kcppath: "root:orgs", source: "https://kcp.example/clusters/orgs-id" };
  const event = { ...forwarded("Account", `${orgsCluster}/acme`, { verb: "add" }), ...place };
  if (fn) good = await recordingOf(kcp, fn, event, { now: () => startOfTime + 30_000 });
});
afterAll(() => rm(folder, { recursive: true }));

/** pm replay of a file with these recordings. */
async function replayOf(recordings: readonly Invocation[], ...flags: readonly string[]) {
  await writeExport(
    file(),
    recordings.map((invocation, index) => ({ kind: "invocation", stored: { sequence: index + 1, invocation } })),
  );
  return runPm(["replay", "--file", file(), ...flags]);
}

/** What an older build might have done: it did not set the label, made one type less, and told of it. */
function ofOtherBuild(): Invocation {
  const writes = good.writes
    .filter(({ target }) => target.name !== "acme-account")
    .map((write) => (write.target.name === "acme-org" ? { ...write, body: { ...write.body, spec: {} } } : write));
  return { ...good, version: "0.9.0", writes, result: { outcome: "done", events: [{ type: fact.ready }] } };
}

test("nothing differs: 0", async () => {
  expect(await replayOf([good, good])).toEqual({ code: 0, out: "2 invocations replayed, 0 differ\n", err: "" });
});

test("what differs is shown line by line: 1", async () => {
  const { code, out } = await replayOf([good, ofOtherBuild()]);
  expect(code).toBe(1);
  const [head, ...lines] = out.trimEnd().split("\n");
  expect(head).toMatch(
    /^#2 create-workspace {2}Account add, acme in root:orgs {2}2026-01-01 00:00:30\.000 by 0\.9\.0$/,
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      "  creates WorkspaceType acme-org in root:orgs",
      '    + spec.defaultChildWorkspaceType.name: "acme-account"',
      "  creates WorkspaceType acme-account in root:orgs: written now, and not then",
      '    + metadata.name: "acme-account"',
      "  ends otherwise",
      "    - done, emits io.platform-mesh.account.ready",
      "    + waiting: Workspace type not ready yet",
    ]),
  );
  expect(lines.at(-1)).toBe("2 invocations replayed, 1 differs");

  const folded = await replayOf([ofOtherBuild(), good, ofOtherBuild(), ofOtherBuild()]);
  expect(folded.out.match(/^#/gm)).toHaveLength(2);
  expect(folded.out).toMatch(/\n#1 stands for 2 others\n4 invocations replayed, 3 differ\n$/);
});

describe("what cannot be replayed is said: 1", () => {
  test("a function that is gone", async () => {
    const { code, out } = await replayOf([good, { ...good, function: "make-workspace" }]);
    expect(code).toBe(1);
    expect(out).toContain("make-workspace");
    expect(out).toContain("this build has no function of that name: was it renamed or removed?\n");
    expect(out).toMatch(/1 invocation replayed, 0 differ, 1 could not be replayed\n$/);
  });

  test("a recording that was too large to be kept whole", async () => {
    const cut = { ...good, objects: [{ leftOut: 9_000_000 }] } as unknown as Invocation;
    expect((await replayOf([cut])).out).toContain("not replayed: too large to be recorded whole");
  });

  test("nothing at all", async () => {
    const nothing = await replayOf([good], "--from", "2026-01-02");
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining("nothing is recorded in this stretch") });
    const unknown = await replayOf([good], "--function", "workspace-redy");
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("did you mean workspace-ready?") });
  });
});

test("scripts get the differences as data, or the numbers alone", async () => {
  const { code, out } = await replayOf([good, ofOtherBuild()], "-o", "json");
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ...{ replayed: 2, differ: 1, notReplayed: 0 },
    invocations: [
      { sequence: 1, function: "create-workspace", differs: false },
      {
        sequence: 2,
        version: "0.9.0",
        differs: true,
        result: { was: { outcome: "done" }, now: { outcome: "waiting" } },
      },
    ],
  });
  expect((await replayOf([good, ofOtherBuild()], "-o", "name")).out).toBe("2\n");
});

describe("step by step", () => {
  const answering = (...answers: readonly string[]) => {
    const left = [...answers];
    return { isTTY: true, ask: async () => left.shift() };
  };
  const stepping = async (...answers: readonly string[]) => {
    await replayOf([good, good, good]);
    return runPm(["replay", "--file", file(), "--step"], answering(...answers));
  };

  test("each invocation is shown with what it read and wrote, and run when told so", async () => {
    const { code, out } = await stepping("", "s", "q");
    expect(code).toBe(0);
    expect(out).toContain("  reads Account acme in root:orgs");
    expect(out).toContain("  patches Account acme in root:orgs\n");
    expect(out).toContain("  waiting: ");
    expect(out.match(/the same now/g)).toHaveLength(1);
    expect(out).toMatch(/1 invocation replayed, 0 differ\n$/);
  });

  test("it needs somebody who answers", async () => {
    expect(await replayOf([good], "--step")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--step needs a terminal"),
    });
    await replayOf([good]);
    const mute = await runPm(["replay", "--file", file(), "--step"], { isTTY: true });
    expect(mute).toMatchObject({ code: 2, err: expect.stringContaining("nobody can answer") });
  });
});

test.each([
  [["--dry-run"], "--dry-run belongs to --against live"],
  [["--against=live"], "an exported file has no functions"],
  [["root:orgs:acme", "--account=root:orgs:acme"], "two accounts are named"],
  [["--against=live", "--dry-run", "--function=create"], "there is no function create"],
  [["--from=yesterday"], '--from: "yesterday" is no number, time or duration'],
])("%s is refused: 2", async (flags, what) => {
  expect(await replayOf([good], ...flags)).toMatchObject({ code: 2, err: expect.stringContaining(what) });
});
