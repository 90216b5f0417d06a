import { expect, it } from "vitest";
import { type CloudEvent, fact } from "../shared/event.ts";
import { completeEvents } from "./own-events.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const cause: CloudEvent = {
  specversion: "1.0",
  id: "1abc.uid.7",
  type: "dev.knative.apiserver.resource.update",
  source: "https://kcp/clusters/1abc",
  accountkey: "1abc/foo",
  kcpcluster: "1own",
  kcppath: "root:orgs:acme:foo",
  traceparent: `00-${trace}-00f067aa0ba902b7-00`,
};
const emission = { cause, function: "workspace-ready", now: Date.parse("2026-01-02T03:04:05.678Z") };

it("completes a fact with all that follows from its cause", () => {
  const [event] = completeEvents([{ type: fact.ready, subject: "root:orgs:acme:foo", data: { a: 1 } }], emission);
  expect(event).toEqual({
    specversion: "1.0",
    id: "1abc.uid.7/workspace-ready/io.platform-mesh.account.ready/0",
    type: fact.ready,
    source: "/functions/workspace-ready",
    subject: "root:orgs:acme:foo",
    time: "2026-01-02T03:04:05.678Z",
    accountkey: "1abc/foo",
    kcpcluster: "1own",
    kcppath: "root:orgs:acme:foo",
    causationid: "1abc.uid.7",
    traceparent: expect.stringMatching(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`)),
    datacontenttype: "application/json",
    data: { a: 1 },
  });
  expect(event?.traceparent).not.toBe(cause.traceparent);
});

it("gives the same ids on a second run, counted per type so that a further fact changes none", () => {
  const ready = { type: fact.ready };
  const changed = { type: fact.parentInfoChanged };
  const ids = (events: Parameters<typeof completeEvents>[0]) => completeEvents(events, emission).map(({ id }) => id);
  expect(ids([ready, changed, changed])).toEqual(ids([ready, changed, changed]));
  expect(ids([ready, changed, changed]).slice(1)).toEqual(ids([changed, changed, ready]).slice(0, 2));
  expect(new Set(ids([ready, changed, changed])).size).toBe(3);
});

it("8B.9 gives a fact that names itself the same id from every cause", () => {
  const granted = { type: fact.accessGranted, id: "cause/uid/owner" };
  const idFrom = (id: string) => completeEvents([granted], { ...emission, cause: { ...cause, id } })[0]?.id;
  expect(idFrom("a")).toBe(`cause/uid/owner/workspace-ready/${fact.accessGranted}`);
  expect(idFrom("b")).toBe(idFrom("a"));
});

it("places a fact about another account in that account's cluster", () => {
  const [event] = completeEvents([{ type: fact.parentInfoChanged, accountkey: "1own/child" }], emission);
  expect(event).toMatchObject({ accountkey: "1own/child", kcpcluster: "1own" });
  expect(event).not.toHaveProperty("kcppath");
});

it("starts a trace where the cause has none, and sets no attribute that it does not know", () => {
  const bare: CloudEvent = { specversion: "1.0", id: "1", type: "t", source: "/s" };
  const [event] = completeEvents([{ type: fact.ready }], { ...emission, cause: bare });
  expect(Object.keys(event ?? {}).sort()).toEqual(
    ["causationid", "id", "source", "specversion", "time", "traceparent", "type"].sort(),
  );
  expect(event?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

it("tells another account under an id of that account's own, whomever else a second run has to tell", () => {
  const [a, b] = ["1own/a", "1own/b"].map((accountkey) => ({ type: fact.parentInfoChanged, accountkey }));
  const all = completeEvents(
    [a, b].filter((event) => event !== undefined),
    emission,
  );
  const rest = completeEvents(
    [b].filter((event) => event !== undefined),
    emission,
  );
  expect(all[0]?.id).not.toBe(all[1]?.id);
  expect(rest[0]?.id).toBe(all[1]?.id);
});
