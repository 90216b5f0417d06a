import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleFunctions } from "../../tools/bundle.ts";
import { type Case, cases, modes } from "./cases.ts";
import { type HttpCase, httpCases } from "./http-cases.ts";
import { pageOf, Results } from "./page.ts";
import type { Running, Runtime } from "./runtime.ts";
import { runtimes } from "./runtimes.ts";
import { Stage } from "./stage.ts";

const results = new Results(runtimes.map(({ name }) => name));
let stage: Stage;
beforeAll(async () => {
  [stage] = await Promise.all([Stage.start(), bundleFunctions()]);
});
afterAll(() => stage?.stop());

describe.each(runtimes)("$name", (runtime) => {
  let running: Running;
  beforeAll(async () => {
    running = await runtime.start(stage.surroundings);
  });
  afterAll(() => running?.stop());

  describe.each(modes)("%s", (mode) => {
    const org = `${runtime.name.replaceAll(/[^a-z]/g, "")}-${mode}`;

    test.each(cases)("$name", async (each) => {
      const event = await each.event(stage, org);
      const [mark, posts] = [stage.gate.mark(), stage.posts];
      const delivered = await refusing(each, () => running.deliver(each.function, event, mode));
      expect(delivered).toMatchObject({ outcome: each.outcome, ...(each.reason && { reason: each.reason }) });
      const told = [...delivered.facts, ...stage.sunkSince(posts)];
      // A bus has dead letters for that.
      const facts = told.filter(({ type }) => !type.endsWith(".failed"));
      expect(facts.map(({ type }) => type).sort()).toEqual([...(each.facts ?? [])].sort());
      expect(told.length - facts.length).toBe(each.outcome === "failed" && runtime.isHttp ? 1 : 0);
      for (const fact of told) expect(fact.causationid).toBe(event.id);
      expect(stage.writesSince(mark, org)).toEqual(each.writes);
      if (each.scheduled && runtime.isHttp) expect(stage.scheduledSince(posts)[0]).toMatch(each.scheduled);
      results.add(each.name, runtime.name, each.outcome);
    });
  });

  if (runtime.isHttp) {
    test.each(httpCases)("$name", async (each) => {
      const asked = statusOf(each, await running.urlOf("create-workspace"));
      // Whether the answer of a server that hangs up still arrives is luck: ours reads on.
      const status = await asked.catch((error) => (runtime.isForeign && isHangUp(error) ? 413 : Promise.reject(error)));
      expect(status).toBe(expectedOf(each, runtime));
      results.add(each.name, runtime.name, String(status));
    });

    test("two events of one account run one after the other", async () => {
      const name = `${runtime.name.replaceAll(/[^a-z]/g, "")}-order`;
      const event = await stage.eventOfNewAccount(name);
      const held = stage.holdWrites(name);
      const first = running.deliver("create-workspace", event, "binary");
      await held.reached;
      const mark = stage.gate.mark();
      const second = running.deliver("create-workspace", { ...event, id: `${event.id}.again` }, "structured");
      // One of another account is handled beside them meanwhile.
      const other = await stage.eventOfNewAccount(`${name}-other`);
      await running.deliver("workspace-ready", stage.resyncOf(other), "binary");
      expect(stage.requestsAbout(name, mark)).toEqual([]);
      held.release();
      expect([(await first).outcome, (await second).outcome]).toEqual(["done", "done"]);
      results.add("two events of one account: one after the other", runtime.name, "✓");
    });

    test("SIGTERM during work finishes it, and its answer arrives", async () => {
      const name = `${runtime.name.replaceAll(/[^a-z]/g, "")}-term`;
      const event = await stage.eventOfNewAccount(name);
      const held = stage.holdWrites(name);
      const delivered = running.deliver("create-workspace", event, "structured");
      await held.reached;
      const code = running.terminate("create-workspace");
      setTimeout(held.release, 300);
      expect(await delivered).toMatchObject({ outcome: "done", facts: [{ causationid: event.id }] });
      expect(await code).toBe(0);
      results.add("SIGTERM during work: it is finished and answered, exit code 0", runtime.name, "✓");
    });
  }
});

test("the page of the docs says so", async () => {
  await expect(pageOf(results)).toMatchFileSnapshot("../../docs/runtimes.md");
});

/** Kcp refuses what the case says, meanwhile. */
async function refusing<T>({ refused }: Case, work: () => Promise<T>): Promise<T> {
  stage.gate.answerFor = ({ method, path }) =>
    refused && method !== "GET" && path.includes(`/${refused.plural}`) ? refused.code : undefined;
  try {
    return await work();
  } finally {
    stage.gate.answerFor = undefined;
  }
}

const expectedOf = ({ status, foreign }: HttpCase, { isForeign }: Runtime): number =>
  isForeign ? (foreign ?? status) : status;

async function statusOf({ method = "POST", headers, body }: HttpCase, url: string): Promise<number> {
  const response = await fetch(url, { method, ...(headers && { headers }), ...(body !== undefined && { body }) });
  await response.arrayBuffer();
  return response.status;
}

const isHangUp = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && /EPIPE|ECONNRESET/.test(error.cause.message);
