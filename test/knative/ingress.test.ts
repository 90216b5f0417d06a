import { describe, expect, test } from "vitest";
import { brokerPath, made, world } from "./world.ts";

const json = { "content-type": "application/json" };

describe("the double's ingress", () => {
  test("data plane, Minimum supported protocol: takes both content modes with 202", async () => {
    await using each = await world();
    expect(await each.produce(made("1"), "binary")).toBe(202);
    expect(await each.produce(made("2"), "structured")).toBe(202);
  });

  test("broker, Data Plane, Ingress: 405 for any method but POST, 400 for what is no event, 415 for a batch", async () => {
    await using each = await world();
    const url = `${each.double.url}/${brokerPath}`;
    const status = async (init: RequestInit, at = url) => (await fetch(at, init)).status;
    expect(await status({ method: "GET" })).toBe(405);
    expect(await status({ method: "PUT", body: "{}" })).toBe(405);
    expect(await status({ method: "POST", headers: json, body: "{}" })).toBe(400);
    const batch = { "content-type": "application/cloudevents-batch+json" };
    expect(await status({ method: "POST", headers: batch, body: "[]" })).toBe(415);
    const structured = { "content-type": "application/cloudevents+json" };
    expect(await status({ method: "POST", headers: structured, body: `{"specversion":"1.0"}` })).toBe(400);
  });

  test("data plane, HTTP Verbs: OPTIONS names POST in Allow", async () => {
    await using each = await world();
    const response = await fetch(`${each.double.url}/${brokerPath}`, { method: "OPTIONS" });
    expect(response.status).toBe(200);
    expect(response.headers.get("allow")).toContain("POST");
  });

  test("data plane, Event Acknowledgement: 404 where there is no such Broker", async () => {
    await using each = await world();
    const headers = { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "t", "ce-source": "/s" };
    const post = async (path: string) => (await fetch(each.double.url + path, { method: "POST", headers })).status;
    expect(await post("/")).toBe(404);
    expect(await post("/accounts/other")).toBe(404);
    expect(await post("/accounts")).toBe(400);
  });

  test("an event above its limit is answered with 413, by which a source knows to leave out the data", async () => {
    await using each = await world({ maxBytes: 100 });
    expect(await each.produce(made("1", { data: "x".repeat(200) }))).toBe(413);
  });
});
