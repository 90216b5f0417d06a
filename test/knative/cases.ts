import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { httpContent } from "../../shared/http-event.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { readyStatus } from "../e2e/expected.ts";
import { orgs, type Person } from "../e2e/person.ts";
import { type Seen, scriptedServer } from "../scripted-server.ts";
import type { Installation } from "./installation.ts";

/** Made by an earlier try of the same test perhaps. */
async function has(person: Person, workspace: string, name: string): Promise<Account> {
  await apply(person, workspace, name);
  return person.ready(workspace, name, 90_000);
}
async function apply(person: Person, workspace: string, name: string): Promise<void> {
  if (!(await person.client.get("Account", workspace, name))) await person.apply(workspace, name);
}

/** Hands a request on as it is, and its answer back. */
async function forward({ url, headers, body }: Seen, to: string, response: ServerResponse): Promise<void> {
  const sent = Object.entries(headers).filter(([name]) => name.startsWith("ce-") || name === "content-type");
  const answer = await fetch(to + url.pathname, {
    method: "POST",
    headers: sent.map(([name, value]): [string, string] => [name, String(value)]),
    body,
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
}

const failing = (ended: string) => ended !== "delivered";

/** What holds on every class of Broker, whichever way the source publishes. */
export function knativeCases(running: () => Installation): void {
  test("002-F01 an org and an account below it get Ready by Triggers and replies alone", async () => {
    const { person, broker } = running();
    await has(person, orgs, "acme");
    const dev = await has(person, `${orgs}:acme`, "dev");
    expect(dev.status).toEqual(readyStatus());
    const told = () => broker.ended.map(({ event }) => event.type);
    await person.until(60_000, async () => expect(told()).toContain("io.platform-mesh.account.workspace-created"));
    expect(broker.ended.filter(({ ended }) => failing(ended))).toEqual([]);
  });

  test("decisions 16: an account goes with its workspace", async () => {
    const { person } = running();
    await has(person, `${orgs}:acme`, "short-lived");
    await person.delete("Account", `${orgs}:acme`, "short-lived");
    await person.gone("Account", `${orgs}:acme`, "short-lived");
  });

  test("decisions 6 and 41: what a function wants again later comes from the source, also over a kill of it", async () => {
    const { person, source, broker, schedulerUrl } = running();
    const event = broker.ended.find(({ trigger }) => trigger.includes("create-workspace"))?.event;
    if (!event) throw new Error("nothing was handled yet");
    const later = { ...event, id: `${event.id}.later` };
    const { headers, body } = httpContent(later, "structured");
    const url = `${schedulerUrl}/schedule/create-workspace?afterMs=1500`;
    const stored = await fetch(url, { method: "POST", headers, body });
    expect(stored.status).toBe(202);
    await source.kill();
    await source.start();
    const handled = `account_functions_timers_ended_total{function="create-workspace",outcome="handled"`;
    await person.until(60_000, async () => expect(await source.metric(handled)).toBeGreaterThan(0));
  });

  test("a function that fails three times is tried again until it does not, and nothing becomes a dead letter", async () => {
    const { person, broker, functionsUrl, letters } = running();
    const before = letters.seen.length;
    let failures = 0;
    await using unsteady = await scriptedServer((seen, response) => {
      if (++failures <= 3) response.writeHead(500).end("not now");
      else void forward(seen, functionsUrl, response);
    });
    const direct = broker.subscriberOf;
    broker.subscriberOf = (name) => (name === "create-workspace" ? `${unsteady.url}/${name}` : direct(name));
    await broker.setTriggers();
    try {
      await has(person, `${orgs}:acme`, "patient");
      expect(failures).toBeGreaterThan(3);
      expect(letters.seen.length).toBe(before);
    } finally {
      broker.subscriberOf = direct;
      await broker.setTriggers();
    }
  });

  test("what a function refuses for good reaches the dead-letter sink with what went wrong", async () => {
    const { person, broker, letters } = running();
    const before = letters.seen.length;
    await using refusing = await scriptedServer((_, response) => response.writeHead(400).end("never"));
    const direct = broker.subscriberOf;
    broker.subscriberOf = (name) => (name === "workspace-ready" ? refusing.url : direct(name));
    await broker.setTriggers();
    try {
      await apply(person, `${orgs}:acme`, "refused");
      await person.until(60_000, async () => expect(letters.seen.length).toBeGreaterThan(before));
      expect(letters.seen.at(-1)?.headers).toMatchObject({
        "ce-knativeerrordest": refusing.url,
        "ce-knativeerrorcode": "400",
        "ce-knativeerrordata": Buffer.from("never").toString("base64"),
      });
    } finally {
      broker.subscriberOf = direct;
      await broker.setTriggers();
    }
  });

  test("a Broker that is away and comes back loses nothing: the source waits with what happened meanwhile", async () => {
    const { person, broker } = running();
    await broker.stop();
    await apply(person, `${orgs}:acme`, "while-away");
    await broker.start();
    await person.ready(`${orgs}:acme`, "while-away", 90_000);
  });

  test("a Broker that is ended in the middle of a burst delivers the rest when it is back", async () => {
    const { person, broker } = running();
    const names = Array.from({ length: 5 }, (_, index) => `burst-${index}`);
    await Promise.all(names.map((name) => apply(person, `${orgs}:acme`, name)));
    await broker.stop();
    await broker.start();
    await Promise.all(names.map((name) => person.ready(`${orgs}:acme`, name, 90_000)));
  });

  test("functions that are killed while they work are called again", async () => {
    const { person, serve } = running();
    await Promise.all(["one", "two"].map((name) => apply(person, `${orgs}:acme`, `killed-${name}`)));
    await serve.kill();
    await serve.start();
    await Promise.all(["one", "two"].map((name) => person.ready(`${orgs}:acme`, `killed-${name}`, 60_000)));
  });

  test("decisions 3: a source that is killed finds what came and what went while it was away", async () => {
    const { person, source, broker } = running();
    await has(person, `${orgs}:acme`, "leaving");
    await source.kill();
    await apply(person, `${orgs}:acme`, "coming");
    await person.delete("Account", `${orgs}:acme`, "leaving");
    await source.start();
    await person.ready(`${orgs}:acme`, "coming", 90_000);
    await person.gone("Account", `${orgs}:acme`, "leaving");
    const events = broker.ended.filter(({ event }) => event.accountkey?.endsWith("/leaving"));
    expect(events.some(({ event }) => event.deleting === "true")).toBe(true);
  });
}
