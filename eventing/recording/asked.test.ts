import { describe, expect, test } from "vitest";
import { FgaError } from "../../shared/fga/fga.ts";
import { type AccountFunction, done } from "../../shared/function.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { UnreachableError } from "../../shared/kcp/errors.ts";
import type { Pass } from "../../shared/pass.ts";
import { FakeClusters } from "../../test/fake-clusters.ts";
import { FakeFga } from "../../test/fake-fga.ts";
import { FakeIdentity } from "../../test/fake-identity.ts";
import { FakeKcp, orgsCluster } from "../../test/fake-kcp.ts";
import { recordingOf } from "../../test/recordings.ts";
import { forwarded, startOfTime } from "../../test/run-functions.ts";
import { replay } from "./replay.ts";

const event = forwarded("Account", `${orgsCluster}/acme`, { verb: "add" });
const asking = (handle: (pass: Pass, now: () => number) => Promise<unknown>): AccountFunction => ({
  name: "asking",
  on: [],
  handle: async (_event, deps: Pass, ctx) => done({ type: "answered", data: await handle(deps, ctx.now) }),
});
const organization = { name: "acme", uid: "u", displayName: "acme" };
const client = { name: "cli", type: "confidential", redirectUris: [], postLogoutRedirectUris: [] } as const;

function outsideOf() {
  const kcp = new FakeKcp();
  const [fga, identity, clusters] = [new FakeFga(), new FakeIdentity(), new FakeClusters(kcp, "root:security")];
  const { reader, writer } = kcp;
  const backend = { reader, writer, refresh: kcp.refresh.bind(kcp), outside: { fga, identity, clusters } };
  return { backend, fga, identity, clusters };
}

const makeStore = asking(async ({ fga }) => [
  await fga?.findStores({ name: "acme" }),
  await fga?.createStore({ name: "acme" }),
]);

test("what was asked is recorded with arguments, answer, and turn, and which services there were", async () => {
  const { asked, services } = await recordingOf(outsideOf().backend, makeStore, event);
  expect(services).toEqual(["fga", "identity", "clusters"]);
  expect(asked).toMatchObject([
    { service: "fga", method: "findStores", args: { name: "acme" }, answer: [], turn: 0 },
    { service: "fga", method: "createStore", args: { name: "acme" }, answer: { id: "acme-store" }, turn: 1 },
  ]);
});

test("where security is off nothing is recorded of it, and a replay has nothing to ask either", async () => {
  const recording = await recordingOf(
    new FakeKcp(),
    asking(async ({ fga }) => [fga ?? null]),
    event,
  );
  expect(recording).not.toHaveProperty("asked");
  expect(recording).not.toHaveProperty("services");
  expect(
    await replay(
      recording,
      asking(async ({ fga }) => [fga ?? null]),
      [],
    ),
  ).toMatchObject({ differs: false });
});

test("a replay gets the same answers, though there is nobody to ask", async () => {
  const { backend, fga } = outsideOf();
  const recording = await recordingOf(backend, makeStore, event);
  fga.stores.clear();
  fga.asked();
  expect(await replay(recording, makeStore, [])).toMatchObject({ differs: false });
  expect(fga.asked()).toEqual([]);
});

test("credentials are not in a recording, and decide in a replay as they did", async () => {
  const { backend, identity } = outsideOf();
  identity.realm("acme", "u");
  const rotate = asking(async (pass) => {
    const known = await pass.identity?.ensureClient({ organization, client });
    const again = await pass.identity?.ensureClient({ organization, client, ...(known && { known }) });
    await pass.applySecret(orgsCluster, {
      name: "s",
      labels: {},
      data: { token: again?.registrationAccessToken ?? "" },
    });
    return known?.clientSecret === again?.clientSecret;
  });
  const recording = await recordingOf(backend, rotate, event);
  const text = JSON.stringify(recording);
  for (const secret of ["client-secret-value", "registration-token-value"]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(`${secret}-1`).toString("base64"));
  }
  expect(await replay(recording, rotate, [])).toMatchObject({ differs: false });
});

describe("a difference shows", () => {
  test("in a change that is asked no more", async () => {
    const recording = await recordingOf(outsideOf().backend, makeStore, event);
    const looking = asking(async ({ fga }) => [
      await fga?.findStores({ name: "acme" }),
      { id: "acme-store", name: "acme" },
    ]);
    expect(await replay(recording, looking, [])).toMatchObject({ missingAsks: ["fga.createStore"], differs: true });
  });

  test("not in a question that is asked no more", async () => {
    const recording = await recordingOf(outsideOf().backend, makeStore, event);
    const blind = asking(async ({ fga }) => [[], await fga?.createStore({ name: "acme" })]);
    expect(await replay(recording, blind, [])).toMatchObject({ missingAsks: [], differs: false });
  });

  test("in a call that is new, or has other arguments: nobody knows its answer", async () => {
    const recording = await recordingOf(outsideOf().backend, makeStore, event);
    const other = asking(async ({ fga }) => fga?.findStores({ name: "other" }));
    const replayed = await replay(recording, other, []);
    expect(replayed).toMatchObject({
      ...{ differs: true, missingAsks: ["fga.createStore"], newReads: ['fga.findStores {"name":"other"}'] },
      result: { now: { outcome: "error", error: { message: "fga.findStores was not asked then" } } },
    });
  });
});

test.each<[string, Error, object]>([
  ["OpenFGA", new FgaError("down", { problem: "unavailable", code: "503" }), { problem: "unavailable" }],
  ["the identity provider", new IdentityError("not ours", "foreign"), { problem: "foreign" }],
  ["kcp", new UnreachableError("no answer"), {}],
])("an error of %s is the same in a replay", async (_name, failure, told) => {
  const { backend, fga } = outsideOf();
  fga.failures.set("findStores", failure);
  const careful = asking(async (pass) => {
    const problem = await pass.fga?.findStores({ name: "acme" }).catch((error: unknown) => error);
    return [problem instanceof FgaError, problem instanceof IdentityError, problem instanceof UnreachableError];
  });
  const recording = await recordingOf(backend, careful, event);
  expect(recording.asked?.[0]?.error).toMatchObject({ name: failure.name, message: failure.message, ...told });
  expect(await replay(recording, careful, [])).toMatchObject({ differs: false });
});

test("calls that were made at once are over before the time that was seen after them", async () => {
  const { backend } = outsideOf();
  let now = startOfTime;
  const together = asking(async (pass, clock) => {
    const names = ["one", "two", "three"];
    const before = clock();
    await Promise.all(names.map(async (name) => pass.fga?.findStores({ name })));
    now += 1_000;
    return clock() - before;
  });
  const recording = await recordingOf(backend, together, event, { now: () => now });
  expect(recording.result).toMatchObject({ events: [{ data: 1_000 }] });
  expect(await replay(recording, together, [])).toMatchObject({ differs: false });
});
