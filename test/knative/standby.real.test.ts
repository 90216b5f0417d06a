import { afterAll, beforeAll, expect, test } from "vitest";
import { httpContent } from "../../shared/http-event.ts";
import { eventually } from "../e2e/eventually.ts";
import { orgs } from "../e2e/person.ts";
import { startEmbedded, startNats, type TestKcp, type TestServer } from "../servers.ts";
import { type Installation, install } from "./installation.ts";

const leads = "leader_election_master_status";
let kcp: TestKcp;
let nats: TestServer;
let installation: Installation;

beforeAll(async () => {
  [kcp, nats] = await Promise.all([startEmbedded(), startNats()]);
  installation = await install({ kind: "mt", kcp, nats, withStandby: true });
  // Ready to stand by it is before.
  await eventually(30_000, async () => expect(await installation.source.metric(leads)).toBe(1));
  await installation.standby.start();
}, 600_000);
afterAll(async () => {
  await installation?.stop();
  await Promise.all([kcp?.stop(), nats?.stop()]);
});

test("002-C32 a source that stands by publishes nothing, takes timers, and works as soon as the leader is gone", async () => {
  const { person, source, standby, broker, standbySchedulerUrl } = installation;
  expect([await source.metric(leads), await standby.metric(leads)]).toEqual([1, 0]);
  await person.has(orgs, "acme");
  expect(await standby.metric("account_functions_events_published_total")).toBe(0);

  const event = broker.ended.find(({ trigger }) => trigger.includes("create-workspace"))?.event;
  if (!event) throw new Error("nothing was handled yet");
  const later = httpContent({ ...event, id: `${event.id}.later` }, "structured");
  const stored = await fetch(`${standbySchedulerUrl}/schedule/create-workspace?afterMs=1500`, {
    method: "POST",
    ...later,
  });
  expect(stored.status).toBe(202);
  await expect.poll(() => source.metric("account_functions_timers ")).toBeGreaterThan(0);

  await source.stop();
  await person.apply(`${orgs}:acme`, "after");
  await person.ready(`${orgs}:acme`, "after", 60_000);
  await expect.poll(() => standby.metric(leads), { timeout: 30_000 }).toBe(1);
  const handled = `account_functions_timers_ended_total{function="create-workspace",outcome="handled"`;
  await expect.poll(() => standby.metric(handled), { timeout: 30_000 }).toBeGreaterThan(0);
});
