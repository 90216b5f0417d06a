import { describe, expect, test } from "vitest";
import { at, textAt } from "../answer.ts";
import { account } from "../objects.ts";
import { told } from "../stream.ts";
import { accounts, room } from "../world.ts";

export function watchCases(): void {
  const home = room("watches");
  /** Accounts with a label of the case's own. */
  const only = (set: string) => `labelSelector=set=${set}`;
  const create = (set: string, name: string, metadata: object = {}) =>
    home.api().post(accounts, account(`${set}-${name}`, {}, { labels: { set }, ...metadata }));
  const change = (name: string, body: object) => home.api().patch(`${accounts}/${name}`, body);
  const describeIt = (name: string, text: string) => change(name, { spec: { description: text } });
  const remove = (name: string) => home.api().delete(`${accounts}/${name}`);
  const version = async () => (await home.api().get(`${accounts}?limit=1`)).text("metadata", "resourceVersion");

  describe("watch", () => {
    test("from a version tells what happened since, in order", async () => {
      const from = await version();
      await create("since", "a");
      await describeIt("since-a", "x");
      await create("since", "b");
      await remove("since-a");
      await using stream = await home.api().watch(accounts, `${only("since")}&resourceVersion=${from}`);
      expect(told(await stream.take(4))).toMatchInlineSnapshot(`
        ADDED since-a
        MODIFIED since-a
        ADDED since-b
        DELETED since-a
      `);
    });
    test("from a version goes on with what happens", async () => {
      await using stream = await home.api().watch(accounts, `${only("on")}&resourceVersion=${await version()}`);
      await create("on", "a");
      await remove("on-a");
      expect(told(await stream.take(2))).toMatchInlineSnapshot(`
        ADDED on-a
        DELETED on-a
      `);
    });
    test("resumes behind the last event that was seen", async () => {
      const from = await version();
      for (const name of ["a", "b", "c"]) await create("resume", name);
      await using first = await home.api().watch(accounts, `${only("resume")}&resourceVersion=${from}`);
      const [, second] = await first.take(2);
      const seen = textAt(second?.object, "metadata", "resourceVersion");
      await using next = await home.api().watch(accounts, `${only("resume")}&resourceVersion=${seen}`);
      expect(told(await next.take(1))).toBe("ADDED resume-c");
    });
    test.each(["", "&resourceVersion=0"])("without a version begins with what is there%s", async (query) => {
      const set = `initial${query.length}`;
      await create(set, "a");
      await create(set, "b");
      await using stream = await home.api().watch(accounts, only(set) + query);
      expect(told(await stream.take(2))).toBe(`ADDED ${set}-a\nADDED ${set}-b`);
    });
    test("of one object by its name in the URL is none: the object is answered", async () => {
      await create("one", "a");
      expect(await home.api().get(`${accounts}/one-a?watch=true`)).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          labels:
            set: one
          name: one-a
        spec:
          displayName: one-a
          type: account
      `);
    });
    test("of one object, by a field selector", async () => {
      const from = await version();
      await create("named", "a");
      await create("named", "b");
      const query = `fieldSelector=metadata.name=named-b&resourceVersion=${from}`;
      await using stream = await home.api().watch(accounts, query);
      expect(told(await stream.take(1))).toBe("ADDED named-b");
    });
    test("an object that leaves the selection is deleted, one that enters it is added", async () => {
      const from = await version();
      await create("leaving", "a");
      await change("leaving-a", { metadata: { labels: { set: "elsewhere" } } });
      await describeIt("leaving-a", "unseen");
      await change("leaving-a", { metadata: { labels: { set: "leaving" } } });
      await describeIt("leaving-a", "seen");
      await using stream = await home.api().watch(accounts, `${only("leaving")}&resourceVersion=${from}`);
      const events = await stream.take(4);
      expect(told(events)).toMatchInlineSnapshot(`
        ADDED leaving-a
        DELETED leaving-a
        ADDED leaving-a
        MODIFIED leaving-a
      `);
    });
    test("what leaves the selection is told as it was, with the new version", async () => {
      const from = await version();
      await create("was", "a");
      const changed = await change("was-a", { metadata: { labels: { set: "elsewhere" } } });
      await using stream = await home.api().watch(accounts, `${only("was")}&resourceVersion=${from}`);
      const [, left] = await stream.take(2);
      const metadata = at(left?.object, "metadata");
      expect(at(metadata, "labels")).toEqual({ set: "was" });
      expect(at(metadata, "resourceVersion")).toBe(changed.at("metadata", "resourceVersion"));
    });
    test("a deleted object is told as it was last, with a version of its own", async () => {
      const from = await version();
      const made = await create("last", "a");
      await remove("last-a");
      await using stream = await home.api().watch(accounts, `${only("last")}&resourceVersion=${from}`);
      const [, deleted] = await stream.take(2);
      expect(at(deleted?.object, "spec", "type")).toBe("account");
      expect(Number(at(deleted?.object, "metadata", "resourceVersion"))).toBeGreaterThan(
        Number(made.at("metadata", "resourceVersion")),
      );
    });
    test("a deletion that waits is a modification, and another one for each finalizer", async () => {
      const from = await version();
      await create("waits", "a", { finalizers: ["example.io/a", "example.io/b"] });
      await remove("waits-a");
      await change("waits-a", { metadata: { finalizers: ["example.io/b"] } });
      await change("waits-a", { metadata: { finalizers: null } });
      await using stream = await home.api().watch(accounts, `${only("waits")}&resourceVersion=${from}`);
      expect(told(await stream.take(4))).toMatchInlineSnapshot(`
        ADDED waits-a
        MODIFIED waits-a
        MODIFIED waits-a
        DELETED waits-a
      `);
    });
    test("a write to status is a modification", async () => {
      const from = await version();
      await create("state", "a");
      await home.api().patch(`${accounts}/state-a/status`, { status: { phase: "Ready" } });
      await using stream = await home.api().watch(accounts, `${only("state")}&resourceVersion=${from}`);
      expect(told(await stream.take(2))).toMatchInlineSnapshot(`
        ADDED state-a
        MODIFIED state-a
      `);
    });
    test("a write that changes nothing is not told", async () => {
      const from = await version();
      await create("nothing", "a");
      await describeIt("nothing-a", "x");
      await change("nothing-a", { spec: { type: "account" } });
      await create("nothing", "b");
      await using stream = await home.api().watch(accounts, `${only("nothing")}&resourceVersion=${from}`);
      expect(told(await stream.take(3))).toBe("ADDED nothing-a\nMODIFIED nothing-a\nADDED nothing-b");
    });
    test("ends after timeoutSeconds", async () => {
      await using stream = await home
        .api()
        .watch(accounts, `${only("none")}&timeoutSeconds=1&resourceVersion=${await version()}`);
      expect(told(await stream.rest())).toBe("");
    });
    test("sendInitialEvents ends the initial events with a bookmark", async () => {
      await create("first", "a");
      const query = `${only("first")}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
      await using stream = await home.api().watch(accounts, query);
      const events = await stream.take(2);
      expect(told(events)).toMatchInlineSnapshot(`
        ADDED first-a
        BOOKMARK Account
      `);
      const annotations = at(events[1]?.object ?? null, "metadata", "annotations");
      expect(annotations).toEqual({ "k8s.io/initial-events-end": "true" });
    });
    test("sendInitialEvents needs resourceVersionMatch", async () => {
      expect(await home.api().get(`${accounts}?watch=true&sendInitialEvents=true`)).toMatchInlineSnapshot(`
        422 Invalid: ListOptions.meta.k8s.io "" is invalid:
        - FieldValueForbidden: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan
        {group: meta.k8s.io, kind: ListOptions}
      `);
    });
    test("sendInitialEvents is for watches", async () => {
      expect(await home.api().get(`${accounts}?sendInitialEvents=true`)).toMatchInlineSnapshot(`
        422 Invalid: ListOptions.meta.k8s.io "" is invalid:
        - FieldValueForbidden: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list
        {group: meta.k8s.io, kind: ListOptions}
      `);
    });
    test("a version that is too old is told inside the stream", async () => {
      await using stream = await home.api().watch(accounts, "resourceVersion=1");
      expect(told(await stream.take(1)).replace(/\(\d+\)/, "(<version>)")).toMatchInlineSnapshot(
        `ERROR 410 Expired: too old resource version: 1 (<version>)`,
      );
    });
    test("a version that is none", async () => {
      expect(await home.api().get(`${accounts}?watch=true&resourceVersion=x`)).toMatchInlineSnapshot(
        `500 resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax`,
      );
    });
    test("an unknown selector", async () => {
      expect(await home.api().get(`${accounts}?watch=true&fieldSelector=spec.type=x`)).toMatchInlineSnapshot(
        `400 BadRequest: field label not supported: spec.type`,
      );
    });
    test("as a table, with the columns in the first event only", async () => {
      await create("table", "a");
      await create("table", "b");
      const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
      await using stream = await home.api().watch(accounts, only("table"), { accept });
      const [one, two] = await stream.take(2);
      const has = (object: unknown) => Array.isArray((object as { columnDefinitions?: unknown })?.columnDefinitions);
      expect([has(one?.object), has(two?.object)]).toEqual([true, false]);
      expect(at(one?.object, "rows", 0, "cells")).toEqual(["table-a", "table-a", "account", null, null]);
    });
    test("as metadata alone", async () => {
      await create("partial", "a");
      const accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
      await using stream = await home.api().watch(accounts, only("partial"), { accept });
      const [event] = await stream.take(1);
      expect([at(event?.object, "kind"), at(event?.object, "spec")]).toEqual(["PartialObjectMetadata", null]);
    });
  });
}
