import { afterEach, beforeEach, expect, test } from "vitest";
import { accountEvent } from "../../eventing/bus/contract.ts";
import { malformed } from "../../eventing/bus/dead-letter.ts";
import { runPm } from "../../test/run-pm.ts";
import { type ServedBus, serveBus } from "../../test/served-bus.ts";

let served: ServedBus;
beforeEach(async () => {
  served = await serveBus();
});
afterEach(() => served[Symbol.asyncDispose]());

/** The function gives these up, and takes whatever comes later. */
async function giveUp(functionName: string, ...ids: readonly string[]) {
  const received: string[] = [];
  let working = false;
  await served.bus.subscribe({ function: functionName, on: [{ type: functionName }], maxInFlight: 16 }, (delivery) => {
    received.push(delivery.event.id);
    void (working ? delivery.ack() : delivery.deadLetter({ code: 422, reason: "spec.type:\n no such type" }));
  });
  const time = "2026-01-01T00:00:00Z";
  const about = { type: functionName, kcpcluster: "1abc", kcppath: "root:orgs", time };
  for (const id of ids) await served.bus.publish(accountEvent(id, { ...about, accountkey: `1abc/${id}` }));
  await expect.poll(() => received).toHaveLength(ids.length);
  working = true;
  return received;
}
async function giveUpNoEvent() {
  await served.bus.subscribe({ function: "reader", on: [{ type: malformedType }], maxInFlight: 16 }, (delivery) =>
    delivery.deadLetter({ code: 400, reason: "the body is not JSON" }),
  );
  await served.bus.publish(malformed({ stream: "s", sequence: 7, subject: "pm.ev.1" }, Buffer.from("{oops\u0007")));
}
const malformedType = malformed({ stream: "", sequence: 0, subject: "" }, Buffer.of()).type;
const now = () => Date.parse("2026-01-01T00:05:00Z");
const dlq = (command: string, ...more: string[]) =>
  runPm(["dlq", command, ...more], { env: { PM_BUS_SOCKET: served.socket }, now });

test("the list says which function gave up what, when, how often, in which version, and why", async () => {
  await giveUp("create-workspace", "acme");
  const { out, code } = await dlq("list");
  expect(code).toBe(0);
  const [head, line, ...more] = out.split("\n");
  expect(head?.split(/ {2,}/)).toEqual(["SEQ", "AGE", "FUNCTION", "ACCOUNT", "ATTEMPTS", "VERSION", "REASON"]);
  expect(line?.split(/ {2,}/)).toEqual([
    ...["1", "5m", "create-workspace", "root:orgs:acme", "1", "1.2.3", "spec.type: no such type"],
  ]);
  expect(more).toEqual([""]);
  expect(JSON.parse((await dlq("list", "-o", "json")).out)).toMatchObject([{ sequence: 1, event: { id: "acme" } }]);
  expect((await dlq("list", "--function", "other")).out).toBe("no dead letters\n");
});

test("one is shown with its event, and with what to do", async () => {
  await giveUp("create-workspace", "acme");
  const { out } = await dlq("show", "1");
  expect(out).toMatch(/function +create-workspace of version 1\.2\.3/);
  expect(out).toContain("id: acme");
  expect(out).toContain("next: pm dlq retry 1");
  expect(JSON.parse((await dlq("show", "1", "-o", "json")).out).event).toMatchObject({ id: "acme" });
  expect(await dlq("show", "9")).toMatchObject({ code: 1, err: expect.stringContaining("there is no dead letter 9") });
  expect(await dlq("show", "x")).toMatchObject({ code: 2 });
});

test("a retry hands the event over as it was, and the dead letter is gone", async () => {
  const received = await giveUp("create-workspace", "acme", "beta", "gamma");
  const { out, code } = await dlq("retry", "1", "3");
  expect({ code, last: out.split("\n").at(-2) }).toEqual({ code: 0, last: "handed over again: 2 dead letters" });
  await expect.poll(() => received).toEqual(["acme", "beta", "gamma", "acme", "gamma"]);
  expect((await dlq("list", "-o", "name")).out).toBe("2\n");
});

test("what cannot be tried again is told, and left", async () => {
  await giveUp("create-workspace", "acme");
  await giveUp("gone-function", "beta");
  await giveUpNoEvent();
  await expect.poll(async () => (await dlq("list", "-o", "name")).out.split("\n").length).toBeGreaterThan(3);
  const sequenceOf = async (name: string) =>
    (await dlq("list", "--function", name, "-o", "name")).out.trim().split("\n")[0] ?? "";
  const noEvent = await sequenceOf("reader");
  expect(await dlq("retry", noEvent)).toMatchObject({ code: 1, err: expect.stringContaining("was no event") });
  const gone = await dlq("retry", await sequenceOf("gone-function"));
  expect(gone).toMatchObject({ code: 1, err: expect.stringContaining("this version has no function gone-function") });
  expect((await dlq("show", noEvent)).out).toContain("{oops�");
  expect((await dlq("show", noEvent, "-o", "json")).out).toContain("data_base64");
  const all = await dlq("retry", "--all");
  expect(all.code).toBe(1);
  expect(all.out).toContain("handed over again: 1 dead letter\n");
  expect(await dlq("retry", "--all", "--function", "nobody")).toMatchObject({ code: 0 });
});

test("a drop asks, takes no other answer, and needs --yes where nobody can answer", async () => {
  await giveUp("create-workspace", "acme", "beta");
  const asked = (answer: string) =>
    runPm(["dlq", "drop", "--all"], { env: { PM_BUS_SOCKET: served.socket }, ask: async () => answer });
  expect(await dlq("drop", "1")).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
  expect(await asked("yes")).toMatchObject({ code: 1, err: expect.stringContaining("nothing is dropped") });
  expect(await dlq("drop", "1", "--yes")).toMatchObject({ code: 0, out: "dropped: 1 dead letter\n" });
  expect(await asked("drop")).toMatchObject({ code: 0, out: "dropped: 1 dead letter\n" });
  expect((await dlq("list")).out).toBe("no dead letters\n");
});

test.each([
  ["retry", [], "no dead letter is named"],
  ["drop", ["1", "--all"], "exclude each other"],
  ["drop", ["one", "--yes"], '"one" is no number'],
  ["retry", ["1", "8", "9"], "there is no dead letter 8, 9"],
])("pm dlq %s %s is refused before anything is done", async (command, args, message) => {
  await giveUp("create-workspace", "acme");
  expect((await dlq(command, ...args)).err).toContain(message);
  expect((await dlq("list", "-o", "name")).out).toBe("1\n");
});
