import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recording } from "../../eventing/bus/archive-contract.ts";
import { accountEvent } from "../../eventing/bus/contract.ts";
import { fact } from "../../shared/event.ts";
import { runPm } from "../../test/run-pm.ts";
import { type ServedBus, serveBus } from "../../test/served-bus.ts";

let served: ServedBus;
beforeEach(async () => {
  served = await serveBus();
});
afterEach(() => served[Symbol.asyncDispose]());

const about = (path: string, minute: number) => ({
  ...{ kind: "Account", kcppath: path.slice(0, path.lastIndexOf(":")), name: path.slice(path.lastIndexOf(":") + 1) },
  ...{ accountkey: path, time: `2026-01-01T12:0${minute}:00Z` },
});
const password = "hunter2-very-secret";

/** Three accounts, each with an event, a recording and a dead letter. */
async function live(): Promise<void> {
  const { bus } = served;
  const records = await bus.records({ maxAgeMs: Number.MAX_SAFE_INTEGER, maxBytes: 1e9 });
  await bus.subscribe({ function: "ready-maker", on: [{ type: fact.ready }], maxInFlight: 9 }, (delivery) =>
    delivery.deadLetter({ code: 422, reason: "never" }),
  );
  const paths = ["root:orgs:acme", "root:orgs:acme:dev", "root:orgs:beta"];
  for (const [index, path] of paths.entries()) {
    const event = accountEvent(path, { ...about(path, index + 1), type: fact.ready, data: { password } });
    await bus.publish(event);
    records.append(recording(path, { event, startedAt: event.time ?? "" }));
  }
}
const pm = (...argv: string[]) => runPm(argv, { env: { PM_BUS_SOCKET: served.socket } });
const exported = (name: string) => join(served.folder, name);
const ids = async (...argv: string[]) => (await runPm([...argv, "-o", "name"])).out.split("\n").filter(Boolean);

test("a file holds events, recordings and dead letters, and commands read it without a bus", async () => {
  await live();
  for (const name of ["all.jsonl", "all.jsonl.gz"]) {
    const file = exported(name);
    const { code, out, err } = await pm("export", "-O", file);
    expect({ code, out, err }).toEqual({
      ...{ code: 0, out: "" },
      err: `exported 3 events, 3 recordings, 3 dead letters to ${file}\n`,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await ids("events", "--file", file)).toEqual(["root:orgs:acme", "root:orgs:acme:dev", "root:orgs:beta"]);
    expect(await ids("events", "root:orgs:acme", "--file", file)).toEqual(["root:orgs:acme", "root:orgs:acme:dev"]);
    expect(await ids("dlq", "list", "--file", file)).toEqual(["1", "2", "3"]);
    const imported = await runPm(["import", file]);
    expect(imported).toMatchObject({ code: 0, out: expect.stringContaining("is whole and unchanged") });
    expect(imported.out).toContain("3 events, 3 recordings, 3 dead letters, of 3 accounts");
    expect(JSON.parse((await runPm(["import", file, "-o", "json"])).out)).toMatchObject({
      counts: { events: 3, invocations: 3, deadLetters: 3 },
      ...{ first: "2026-01-01T12:01:00Z", last: "2026-01-01T12:03:00Z", versions: ["1.2.3"] },
    });
  }
  const plain = await readFile(exported("all.jsonl"), "utf8");
  expect(
    gunzipSync(await readFile(exported("all.jsonl.gz")))
      .toString()
      .split("\n")
      .slice(1, -2),
  ).toEqual(plain.split("\n").slice(1, -2));
});

test("secrets are left out", async () => {
  await live();
  expect((await pm("events", "-o", "json")).out).toContain(password);
  const { out } = await pm("export");
  expect(out).toContain('"password":"redacted-');
  expect(out).not.toContain(password);
});

test.each([
  [["root:orgs:acme"], "2 events, 2 recordings, 2 dead letters"],
  [["--from", "2"], "2 events, 2 recordings, 2 dead letters"],
  [["--from", "2", "--to", "2"], "1 event, 1 recording, 1 dead letter"],
  [["--to", "2026-01-01T12:02:30Z"], "2 events, 2 recordings, 2 dead letters"],
  [["--function", "other"], "3 events, 0 recordings, 0 dead letters"],
  [["--from", "99"], "0 events, 0 recordings, 0 dead letters"],
])("pm export %s holds %s", async (args, counts) => {
  await live();
  await pm("export", "-O", exported("all"));
  const { err } = await runPm(["export", ...args, "--file", exported("all"), "-O", exported("part")]);
  expect(err).toContain(`exported ${counts} `);
  expect((await runPm(["import", exported("part")])).code).toBe(0);
});

test("what is torn, changed, of another version or no export is refused, and why", async () => {
  await live();
  await pm("export", "-O", exported("whole"));
  const whole = await readFile(exported("whole"), "utf8");
  const lines = whole.split("\n");
  const packed = gzipSync(whole);
  const cases: readonly (readonly [string, string | Uint8Array, string])[] = [
    ["empty", "", "is not a file of pm export"],
    ["foreign", '{"a":1}\n', "is not a file of pm export"],
    ["binary", Buffer.of(0, 1, 2, 10, 255), "is not a file of pm export"],
    ["later", whole.replace('"version":1', '"version":2'), "has format 2"],
    ["torn", whole.slice(0, -1), "is cut off"],
    ["torn earlier", whole.slice(0, whole.length / 2), "is cut off"],
    ["torn and packed", packed.subarray(0, packed.length - 20), "is cut off"],
    ["packed and damaged", Buffer.concat([packed.subarray(0, 60), packed.subarray(80)]), "was changed"],
    ["changed", whole.replace('"id":"root:orgs:acme"', '"id":"root:orgs:acmf"'), "its checksum is another one"],
    ["shortened", [...lines.slice(0, 2), ...lines.slice(3)].join("\n"), "its checksum is another one"],
    ["foreign line", [...lines.slice(0, 2), "{}", ...lines.slice(2)].join("\n"), "line 3 is no event"],
    ["longer", `${whole}${lines[1]}\n`, "lines follow the last one"],
    ["miscounted", whole.replace('"end":{"events":3', '"end":{"events":4'), "its counts are other ones"],
  ];
  for (const [name, content, message] of cases) {
    await writeFile(exported(name), content);
    const { code, err } = await runPm(["import", exported(name)]);
    expect({ name, code, err }).toEqual({ name, code: 1, err: expect.stringContaining(message) });
    expect((await runPm(["events", "--file", exported(name)])).code).toBe(1);
  }
  expect(await runPm(["import", exported("nothing")])).toMatchObject({ err: expect.stringContaining("no such file") });
  expect(await runPm(["import", served.folder])).toMatchObject({ err: expect.stringContaining("is a folder") });
});

test("nothing is left of a file that could not be written, and nothing in a file can be changed", async () => {
  await live();
  expect(await pm("export", "-O", "/nowhere/x")).toMatchObject({
    code: 1,
    err: expect.stringContaining("not written"),
  });
  await pm("export", "-O", exported("all"));
  const retry = await runPm(["dlq", "retry", "--all", "--file", exported("all")]);
  expect(retry).toMatchObject({ code: 2, err: expect.stringContaining("unknown flag --file") });
  expect(await runPm(["import", exported("all"), "--into", "a b"])).toMatchObject({ code: 2 });
  expect(await runPm(["import", exported("all"), "--into", "x"])).toMatchObject({ code: 2 });
});
