import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { encodeEvent } from "../../shared/event-codec.ts";
import { runPm } from "../../test/run-pm.ts";
import { type Answer, scriptedServer } from "../../test/scripted-server.ts";

const example = "examples/events/account-added.json";
const invoke = (...argv: readonly string[]) => runPm(["invoke", ...argv], { server: "http://127.0.0.1:9" });

describe("what is asked is checked before anything runs", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "events-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    [["create-workspace"], "give either --event or --account"],
    [["create-workspace", "--account=acme", "--event=e"], "give either --event or --account"],
    [["create-workspace", `--event=${example}`, "--kind=Account"], "--kind belongs to --account"],
    [["--account=acme"], "FUNCTION is missing"],
    [["creat-workspace", "--account=acme"], "did you mean create-workspace?"],
    [["create-workspace", "--account=acme", "--url=localhost:8080"], "is no URL"],
    [["--account=acme", "--url=http://localhost", "--dry-run"], "--dry-run is for functions that run here"],
    [["workspace-ready", `--event=${example}`], "workspace-ready does not take this event: Account add"],
    [["create-workspace", "--event=none.json"], "cannot read none.json"],
  ])("%j is refused: %s", async (argv, message) => {
    const { code, err } = await invoke(...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test.each([
    ["nothing", "", "is not JSON"],
    ["no JSON", "{", "is not JSON"],
    ["two lines", "{}\n{}", "is not JSON"],
    ["a list", "[]", "is no JSON object"],
    ["something else", '{"kind":"Account"}', 'specversion: Invalid input: expected "1.0"'],
    ["a line with something else", '{"sequence":1,"event":{"type":"x"}}', "specversion"],
  ])("%s is no event, and is told what is wrong with it", async (_, text, message) => {
    const file = join(folder, "event.json");
    await writeFile(file, text);
    const { code, err } = await invoke("create-workspace", "--event", file);
    expect(code).toBe(2);
    expect(err).toContain(`${file} is no event`);
    expect(err).toContain(message);
  });

  test("kcp that does not answer is 3", async () => {
    expect(await invoke("create-workspace", "--account=acme")).toMatchObject({ code: 3 });
  });
});

describe("a deployed function", () => {
  const post = async (answer: Answer, ...argv: readonly string[]) => {
    await using server = await scriptedServer(answer);
    const ran = await invoke(`--event=${example}`, `--url=${server.url}`, ...argv);
    return { ...ran, seen: server.seen };
  };
  const handled: Answer = (_, response) => void response.writeHead(204).end();

  test("gets the event in the structured mode", async () => {
    const { code, out, seen } = await post(handled);
    expect(code).toBe(0);
    expect(out).toMatch(/Account add, acme in root:orgs.*\n204 {2}\d+ ms\n/);
    expect(seen[0]).toMatchObject({ method: "POST", headers: { "content-type": "application/cloudevents+json" } });
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ specversion: "1.0", kind: "Account", name: "acme" });
  });

  test("gets it in the binary mode when that is wanted", async () => {
    const { seen } = await post(handled, "--mode=binary");
    expect(seen[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-type": "dev.knative.apiserver.resource.add",
      "ce-accountkey": "2i1enx0hlvrs0kdk/acme",
    });
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ kind: "Account", metadata: { name: "acme" } });
  });

  test("that says what became of the event is quoted in words", async () => {
    const { out } = await post((_, response) => {
      const reason = "not%20yet:%205%20%25";
      response.writeHead(204, { "account-functions-outcome": "waiting", "account-functions-reason": reason }).end();
    });
    expect(out).toMatch(/\n204 {2}waiting: not yet: 5 % {2}\d+ ms\n/);
    expect(out).not.toContain("account-functions-");
  });

  const reply = { specversion: "1.0", id: "1/f/ready/0", type: fact.ready, source: "/functions/f" } as const;
  test.each<[string, Answer]>([
    [
      "structured",
      (_, response) => {
        response.writeHead(200, { "content-type": "application/cloudevents+json" }).end(encodeEvent(reply));
      },
    ],
    [
      "binary",
      (_, response) => {
        const { specversion, id, type, source } = reply;
        const headers = { "ce-specversion": specversion, "ce-id": id, "ce-type": type, "ce-source": source };
        response.writeHead(200, headers).end();
      },
    ],
  ])("may reply with an event in the %s mode", async (_, answer) => {
    expect((await post(answer)).out).toContain(`replies ${fact.ready}  1/f/ready/0`);
    expect(JSON.parse((await post(answer, "--output=json")).out).reply).toMatchObject({ status: 200, event: reply });
  });

  test.each([
    [500, "", "its log says why"],
    [503, "draining", "try again in a moment"],
    [404, "no such page", "check the path of --url"],
    [400, "", "try the other --mode"],
    [301, "", "the URL that the location header names"],
    [418, "", "a function answers 2xx or 5xx"],
    [200, "ok", "a Knative broker counts that as failed"],
  ])("that answers %i with %j has not handled it", async (status, body, next) => {
    const { code, out, err } = await post((_, response) => void response.writeHead(status).end(body));
    expect(code).toBe(1);
    expect(out).toContain(`\n${status}  `);
    expect(err).toContain(next);
  });

  test("that replies with a broken event has not handled it either", async () => {
    const { code, err } = await post((_, response) => {
      response.writeHead(200, { "content-type": "application/cloudevents+json" }).end("{}");
    });
    expect(code).toBe(1);
    expect(err).toContain("the function's reply is a broken event");
  });

  test("that does not answer is 3", async () => {
    const none = await invoke(`--event=${example}`, "--url=http://127.0.0.1:9");
    expect(none).toMatchObject({ code: 3 });
    expect(none.err).toContain("the function does not answer");
    const slow = await post(() => {}, "--timeout=50ms");
    expect(slow).toMatchObject({ code: 3 });
    expect(slow.err).toContain("no answer within 0.05 s");
  });
});
