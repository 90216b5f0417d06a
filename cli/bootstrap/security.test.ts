import { describe, expect, test } from "vitest";
import { claimsOf, key } from "../doctor/claims.ts";
import type { Manifest } from "./manifests.ts";
import { installationSteps, readSecurity, type Security } from "./security.ts";

const kcp = { tenancyIdentityHash: "5ca1ab1e" };
const welcome = { issuerUrl: "https://login/realms/welcome", audiences: ["portal"], ca: 'with "quotes"\nand lines\n' };
const on: Security = { isOn: true, isAsked: true, welcome };
const objectsOf = async (security: Security) =>
  (await installationSteps(kcp, security)).flatMap(({ objects }) => objects);
const named = (objects: readonly Manifest[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);
const core = "core.platform-mesh.io";

describe("decisions 35: with security", () => {
  test("workspaces wait for the function at both ends, and the functions may serve both", async () => {
    const objects = await objectsOf(on);
    expect(named(objects, "WorkspaceType", "security")?.spec).toMatchObject({ initializer: true, terminator: true });
    const rules = objects.flatMap(({ kind, ...object }) => (kind === "ClusterRole" ? object.rules : []));
    expect(rules).toContainEqual({
      apiGroups: ["tenancy.kcp.io"],
      resources: ["workspacetypes"],
      resourceNames: ["security"],
      verbs: ["get", "initialize", "terminate"],
    });
  });

  test("the export claims issuers, and of the secrets its own alone; its own workspace accepts just that", async () => {
    const objects = await objectsOf(on);
    const [exported, bound] = ["APIExport", "APIBinding"].map((kind) => claimsOf(named(objects, kind, core)));
    expect(bound?.map(key)).toEqual(exported?.map(key));
    expect(exported?.slice(-2)).toMatchObject([
      { resource: "workspaceauthenticationconfigurations", identityHash: "5ca1ab1e" },
      {
        resource: "secrets",
        defaultSelector: { matchLabels: { "core.platform-mesh.io/managed-by": "account-functions" } },
      },
    ]);
    expect(bound?.at(-1)).toMatchObject({ selector: { matchLabels: expect.any(Object) } });
  });

  test("decisions 34: people without an org are known by their e-mail address", async () => {
    const objects = await objectsOf(on);
    expect(named(objects, "WorkspaceAuthenticationConfiguration", "orgs-authentication")?.spec).toMatchObject({
      jwt: [
        {
          issuer: { url: welcome.issuerUrl, audiences: ["portal"], certificateAuthority: welcome.ca },
          claimMappings: { username: { claim: "email", prefix: "" }, groups: { claim: "groups", prefix: "" } },
        },
      ],
    });
    const reference = { authenticationConfigurations: [{ name: "orgs-authentication" }] };
    expect(named(objects, "WorkspaceType", "orgs")?.spec).toMatchObject(reference);
    // An issuer that is there stays whatever it is.
    const kept = await objectsOf({ isOn: true, isAsked: false, welcome: "kept" });
    expect(named(kept, "WorkspaceType", "orgs")?.spec).toMatchObject(reference);
    expect(named(kept, "WorkspaceAuthenticationConfiguration", "orgs-authentication")).toBeUndefined();
  });
});

test("switching changes what it concerns, and nothing else that differs", async () => {
  const asked = (await installationSteps(kcp, on)).flatMap((step) => step.asked ?? []);
  expect(asked.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "WorkspaceType security",
    `APIExport ${core}`,
    `APIBinding ${core}`,
    "WorkspaceType orgs",
    "WorkspaceAuthenticationConfiguration orgs-authentication",
    "ClusterRole account-functions:operator",
  ]);
  const off = await installationSteps(kcp, { isOn: false, isAsked: true, welcome: undefined });
  expect(off.flatMap(({ unwanted }) => unwanted?.objects ?? [])).toMatchObject([
    { metadata: { name: "orgs-authentication" } },
  ]);
  const silent = await installationSteps(kcp, { isOn: false, isAsked: false, welcome: undefined });
  expect(silent.flatMap((step) => [step.asked, step.unwanted]).filter(Boolean)).toEqual([]);
});

test.each([
  ["--release is for --security=off", { mode: "on", release: true, welcome: { audiences: [] } }],
  [
    "takes no --welcome-issuer-url",
    { mode: "off", release: false, welcome: { issuerUrl: "https://a", audiences: ["b"] } },
  ],
  ["no https URL", { mode: "on", release: false, welcome: { issuerUrl: "http://a", audiences: ["b"] } }],
  ["needs --welcome-audience", { mode: "on", release: false, welcome: { issuerUrl: "https://a", audiences: [] } }],
  ["belong to a --welcome-issuer-url", { mode: "on", release: false, welcome: { audiences: ["b"] } }],
] as const)("flags that do not go together: %s", async (message, flags) => {
  await expect(readSecurity(flags)).rejects.toThrow(message);
});
