import { expect, test } from "vitest";
import { readyStatus } from "../e2e/expected.ts";
import { orgs } from "../e2e/person.ts";
import { scriptedServer } from "../scripted-server.ts";
import type { Installation } from "./installation.ts";

const failing = (ended: string) => ended !== "delivered";

/** What holds on every class of Broker, whichever way the source publishes. */
export function knativeCases(running: () => Installation): void {
  test("002-F01 an org and an account below it get Ready by Triggers and replies alone", async () => {
    const { person, broker } = running();
    await person.has(orgs, "acme");
    const dev = await person.has(`${orgs}:acme`, "dev");
    expect(dev.status).toEqual(readyStatus());
    const facts = new Set(
      broker.ended.map(({ event }) => event.type).filter((type) => type.startsWith("io.platform-mesh")),
    );
    expect([...facts]).toContain("io.platform-mesh.account.workspace-created");
    expect(broker.ended.filter(({ ended }) => failing(ended))).toEqual([]);
  });

  test("decisions 16 and 41: an account goes with its workspace, nudged by timers that the source keeps", async () => {
    const { person, source } = running();
    await person.has(`${orgs}:acme`, "short-lived");
    await person.delete("Account", `${orgs}:acme`, "short-lived");
    await person.gone("Account", `${orgs}:acme`, "short-lived");
    const handled = `account_functions_timers_ended_total{function="nudge-workspace",outcome="handled"`;
    await person.until(20_000, async () => expect(await source.metric(handled)).toBeGreaterThan(0));
    await person.until(20_000, async () => expect(await source.metric("account_functions_timers ")).toBe(0));
  });

  test("a function that fails three times is tried again until it does not, and nothing becomes a dead letter", async () => {
    const { person, broker, functionsUrl, letters } = running();
    const before = letters.seen.length;
    let failures = 0;
    await using unsteady = await scriptedServer(async ({ url, headers, body }, response) => {
      if (++failures <= 3) return void response.writeHead(500).end("not now");
      const sent = Object.entries(headers).filter(([name]) => name.startsWith("ce-") || name === "content-type");
      const answer = await fetch(functionsUrl + url.pathname, {
        method: "POST",
        headers: sent.map(([name, value]): [string, string] => [name, String(value)]),
        body,
      });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
    const direct = broker.subscriberOf;
    broker.subscriberOf = (name) => (name === "create-workspace" ? `${unsteady.url}/${name}` : direct(name));
    await broker.setTriggers();
    try {
      await person.has(`${orgs}:acme`, "patient");
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
      await person.apply(`${orgs}:acme`, "refused");
      await person.until(30_000, async () => expect(letters.seen.length).toBeGreaterThan(before));
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
    await person.apply(`${orgs}:acme`, "while-away");
    await broker.start();
    await person.ready(`${orgs}:acme`, "while-away");
  });

  test("a Broker that is ended in the middle of a burst delivers the rest when it is back", async () => {
    const { person, broker } = running();
    const names = Array.from({ length: 5 }, (_, index) => `burst-${index}`);
    await Promise.all(names.map((name) => person.apply(`${orgs}:acme`, name)));
    await broker.stop();
    await broker.start();
    await Promise.all(names.map((name) => person.ready(`${orgs}:acme`, name, 60_000)));
  });

  test("functions that are killed while they work are called again", async () => {
    const { person, serve } = running();
    await Promise.all(["one", "two"].map((name) => person.apply(`${orgs}:acme`, `killed-${name}`)));
    await serve.kill();
    await serve.start();
    await Promise.all(["one", "two"].map((name) => person.ready(`${orgs}:acme`, `killed-${name}`, 60_000)));
  });

  test("decisions 3: a source that is killed finds what came and what went while it was away", async () => {
    const { person, source, broker } = running();
    await person.has(`${orgs}:acme`, "leaving");
    await source.kill();
    await person.apply(`${orgs}:acme`, "coming");
    await person.delete("Account", `${orgs}:acme`, "leaving");
    await source.start();
    await person.ready(`${orgs}:acme`, "coming");
    await person.gone("Account", `${orgs}:acme`, "leaving");
    const events = broker.ended.filter(({ event }) => event.accountkey?.endsWith("/leaving"));
    expect(events.some(({ event }) => event.deleting === "true")).toBe(true);
  });
}
