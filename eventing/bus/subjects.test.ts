import fc from "fast-check";
import { expect, it } from "vitest";
import { type CloudEvent, fact, matches, resource } from "../../shared/event.ts";
import { namesOf, orderKey, partitionOf, partitions, subjectsOf } from "./subjects.ts";

const subjects = subjectsOf("pm");
const event = (overrides: Partial<CloudEvent>): CloudEvent => ({
  specversion: "1.0",
  id: "1",
  type: resource.update,
  source: "https://kcp/clusters/1abc",
  accountkey: "1abc/foo",
  ...overrides,
});

it.each([
  ["a forwarded event by its kind", { kind: "Account" }, "Account.update"],
  ["a delete", { kind: "Workspace", type: resource.delete }, "Workspace.delete"],
  ["an own event by its type", { type: fact.infoReady }, "io_platform-mesh_account.info-ready"],
  ["a type without a dot", { type: "hello" }, "_.hello"],
  ["a forwarded event without kind", {}, "_.update"],
  ["what would be a wildcard", { kind: "*", type: `${resource.add.slice(0, -3)}>` }, "_._"],
])("places %s", (_, overrides, end) => {
  expect(subjects.event(event(overrides))).toBe(`pm.ev.${partitionOf("1abc/foo")}.${end}`);
});

it("consumes exactly one subject per filter, and the retries of the function", () => {
  const on = [
    { type: resource.update, kind: "Workspace", phase: "Ready" },
    { type: resource.update, kind: "Workspace", deleting: "true" },
    { type: fact.infoReady },
  ];
  expect(subjects.consumed("workspace-ready", on, 3)).toEqual([
    "pm.ev.3.Workspace.update",
    "pm.ev.3.io_platform-mesh_account.info-ready",
    "pm.retry.workspace-ready.3",
  ]);
});

it("leaves out what a filter without kind covers, since the server refuses overlaps", () => {
  const on = [
    { type: resource.update, kind: "Account" },
    { type: resource.update },
    { type: resource.add, kind: "Account" },
  ];
  expect(subjects.consumed("f", on, 0)).toEqual(["pm.ev.0.*.update", "pm.ev.0.Account.add", "pm.retry.f.0"]);
});

it("keeps scheduled copies apart from what is due, and dead letters by function", () => {
  expect(subjects.later("f", 3, "17")).toBe("pm.retry.f.3.17");
  expect(subjects.deadLetters("f")).toBe("pm.dlq.f");
  expect(subjects.deadLetters()).toBe("pm.dlq.*");
});

it("every event that a filter matches lies on a subject that its function consumes", () => {
  const type = fc.constantFrom(...Object.values(resource), ...Object.values(fact), "odd", "a.b*c.>", "");
  const kind = fc.option(fc.constantFrom("Account", "Workspace", "*", "a b"), { nil: undefined });
  const attributes = fc
    .record({ type, kind })
    .map(({ type, kind }) => (kind === undefined ? { type } : { type, kind }));
  fc.assert(
    fc.property(fc.array(attributes, { minLength: 1 }), attributes, fc.string(), (on, given, accountkey) => {
      const candidate = event({ ...given, accountkey });
      const subject = subjects.event(candidate);
      expect(subject).toMatch(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/);
      const consumed = subjects.consumed("f", on, partitionOf(accountkey));
      const delivered = consumed.some((pattern) => new RegExp(`^${pattern.replaceAll("*", "[^.]+")}$`).test(subject));
      if (on.some((filter) => matches(filter, candidate))) expect(delivered).toBe(true);
    }),
  );
});

it("spreads accounts over all partitions, and keeps the stored places", () => {
  const used = new Set(Array.from({ length: 500 }, (_, index) => partitionOf(`1pw8gxhmoo3kwmwe/account-${index}`)));
  expect(used.size).toBe(partitions);
  expect(["", "a", "1abc/foo"].map(partitionOf)).toEqual([5, 12, 3]);
});

it("orders by account, else by object", () => {
  expect(orderKey(event({}))).toBe("1abc/foo");
  const { accountkey: _, ...orphan } = event({ subject: "/apis/x" });
  expect(orderKey(orphan)).toBe("https://kcp/clusters/1abc /apis/x");
});

it("decisions 4: puts nothing but events below a Broker's prefix", () => {
  const ofBroker = subjectsOf("mesh.default._knative_broker");
  expect(ofBroker.events).toBe("mesh.default._knative_broker.ev.>");
  expect(ofBroker.event(event({ kind: "Account" }))).toMatch(
    /^mesh\.default\._knative_broker\.ev\.\d+\.Account\.update$/,
  );
  expect([...ofBroker.all, ofBroker.retry("f", 3), ofBroker.deadLetters("f"), ofBroker.recordings]).toEqual([
    "account-functions-broker.mesh.default.retry.>",
    "account-functions-broker.mesh.default.dlq.>",
    "account-functions-broker.mesh.default.retry.f.3",
    "account-functions-broker.mesh.default.dlq.f",
    "account-functions-broker.mesh.default.inv.>",
  ]);
  expect(namesOf("mesh.default._knative_broker").events).toBe("account-functions-broker_mesh_default");
});
