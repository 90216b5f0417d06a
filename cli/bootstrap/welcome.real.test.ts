import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiError } from "../../shared/kcp/client.ts";
import { BareKcp } from "../../test/bare-kcp.ts";
import { startKcp, startOpenFga, type TestOpenFga } from "../../test/servers.ts";
import { TokenIssuer } from "../../test/token-issuer.ts";

const minute = 60_000;
let bare: BareKcp;
let issuer: TokenIssuer;
let openFga: TestOpenFga;
let on: readonly string[];

beforeAll(async () => {
  [bare, issuer, openFga] = await Promise.all([
    BareKcp.start(startKcp({ security: {} })),
    TokenIssuer.start(),
    startOpenFga(),
  ]);
  const file = join(bare.folder, "issuer.crt");
  await writeFile(file, issuer.ca);
  on = [
    "--admission=none",
    "--security=on",
    `--welcome-issuer-url=${issuer.url}`,
    "--welcome-audience=portal,cli",
    `--welcome-ca=${file}`,
  ];
});
afterAll(async () => {
  await issuer?.[Symbol.asyncDispose]();
  await openFga?.stop();
  await bare?.stop();
});

const doctor = async (id: string, ...flags: readonly string[]) => {
  const { adminKubeconfig } = bare.kcp;
  const args = [`--kubeconfig=${bare.operatorFile}`, `--admin-kubeconfig=${adminKubeconfig}`, "-o", "json"];
  return JSON.parse((await bare.pm("doctor", id, ...args, ...flags)).out);
};
/** Whom kcp takes the bearer of a token for, in a workspace; 401 when for nobody. */
async function who(token: string, cluster: string): Promise<unknown> {
  const client = bare.as(token);
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  try {
    const answer = await client.request<{ status: { userInfo: object } }>({ method: "POST", cluster, path, body });
    return answer.status.userInfo;
  } catch (error) {
    // Known, and in need of a right there: also an answer.
    if (error instanceof ApiError && error.code === 403) return { forbidden: error.message };
    if (error instanceof ApiError) return error.code;
    throw error;
  } finally {
    client.close();
  }
}

test("decisions 34: people log in to root:orgs, and there alone, with tokens of the welcome issuer", {
  timeout: 3 * minute,
}, async () => {
  const { code, out, err } = await bare.bootstrap(...on, "-o", "json");
  expect(code, err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    created: expect.arrayContaining(["WorkspaceAuthenticationConfiguration orgs-authentication in root"]),
  });
  for (const audience of ["portal", "cli"]) {
    const token = issuer.token(audience, { email: "alice@example.com", groups: ["staff", "system:masters"] });
    expect(await who(token, "root:orgs")).toEqual({ forbidden: expect.stringContaining('User "alice@example.com"') });
    expect(await who(token, "root")).toBe(401);
  }
  expect(await who(issuer.token("other", { email: "alice@example.com" }), "root:orgs")).toBe(401);
  expect(await doctor("ISSUER-ORGS")).toMatchObject([{ level: "OK" }]);
});

test("a run without the flags keeps issuer and security", async () => {
  for (const flags of [["--upgrade"], on]) {
    const { code, out, err } = await bare.bootstrap("--admission=none", ...flags, "-o", "json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ created: [], changed: [], removed: [], differing: [] });
  }
});

test("decisions 34: store orgs lets everybody who is logged in create an org; made once, and mended", async () => {
  const fga = [`--fga-url=${openFga.url}`, `--fga-token-file=${openFga.tokenFile}`, `--fga-ca=${openFga.caFile}`];
  expect(await doctor("FGA-ORGS", ...fga)).toMatchObject([
    { level: "FAIL", fix: expect.stringContaining("pm bootstrap") },
  ]);
  expect(await bare.bootstrap("--admission=none", ...fga)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/store orgs .*created, [0-9A-Z]{26}/),
  });
  expect(await bare.bootstrap("--admission=none", ...fga)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/store orgs .*there, [0-9A-Z]{26}/),
  });
  expect(await doctor("FGA-ORGS", ...fga)).toMatchObject([{ level: "OK" }]);
});

test("says which flags do not go together", async () => {
  const refused: Readonly<Record<string, readonly string[]>> = {
    "--release is for --security=off": ["--release"],
    "--security=off takes no --welcome-issuer-url": ["--security=off", ...on.slice(2)],
    "is no https URL": ["--welcome-issuer-url=http://login"],
    "needs --welcome-audience": ["--welcome-issuer-url=https://login"],
    "belong to a --welcome-issuer-url": ["--welcome-audience=portal"],
  };
  for (const [message, flags] of Object.entries(refused)) {
    expect(await bare.bootstrap(...flags), message).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  }
});

test("--security=off takes the issuer away too", async () => {
  const { code, out, err } = await bare.bootstrap("--admission=none", "--security=off", "-o", "json");
  expect(code, err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    removed: ["WorkspaceAuthenticationConfiguration orgs-authentication in root"],
  });
  expect(await bare.bootstrap(...on.slice(2), "--admission=none")).toMatchObject({
    code: 2,
    err: expect.stringContaining("add --security=on"),
  });
});
