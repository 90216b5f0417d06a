import { z } from "zod";
import type { Call } from "../../shared/kcp/client.ts";
import type { Client } from "../../shared/kcp/rest.ts";

const referring = z.looseObject({
  spec: z.looseObject({
    authenticationConfigurations: z.array(z.looseObject({ name: z.string() })).default([]),
  }),
});
const configuration = z.looseObject({
  spec: z.looseObject({ jwt: z.array(z.looseObject({ issuer: z.looseObject({ url: z.string() }) })) }),
});
const configurations = {
  group: "tenancy.kcp.io",
  version: "v1alpha1",
  plural: "workspaceauthenticationconfigurations",
};

/** Names of the configurations by which workspaces of a type know people. */
export async function configurationsOf(client: Client, type: string, call: Call): Promise<readonly string[]> {
  const found = await client.get("WorkspaceType", "root", type, call);
  return found ? referring.parse(found).spec.authenticationConfigurations.map(({ name }) => name) : [];
}

/** URLs of the issuers that workspaces of a type in root trust. */
export async function issuersOf(client: Client, type: string, call: Call): Promise<readonly string[]> {
  const names = await configurationsOf(client, type, call);
  const found = await Promise.all(names.map((name) => client.read(configurations, { cluster: "root", name }, call)));
  return found.flatMap((each) => (each ? configuration.parse(each).spec.jwt.map(({ issuer }) => issuer.url) : []));
}

const review = z.looseObject({ status: z.looseObject({ error: z.string().default("") }).optional() });

/** What keeps kcp from asking this issuer about users of a workspace; `undefined` when it does. kcp does not say whether
 *  it looks at issuers of workspaces at all: but a token that the issuer never signed is refused in other words. */
export async function lacksIssuer(
  client: Client,
  { cluster, issuer }: { readonly cluster: string; readonly issuer: string },
  call: Call,
): Promise<string | undefined> {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const token = `${encoded({ alg: "RS256", kid: "pm" })}.${encoded({ iss: issuer, aud: "pm", sub: "pm" })}.cG0`;
  const answer = await client.request(
    {
      method: "POST",
      cluster,
      path: "/apis/authentication.k8s.io/v1/tokenreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
      doing: `asking whether ${cluster} knows the issuer ${issuer}`,
    },
    call,
  );
  if (review.parse(answer).status?.error.includes("oidc:")) return undefined;
  return `kcp does not ask ${issuer}: it runs without --feature-gates=WorkspaceAuthentication=true, cannot reach the issuer, does not trust its certificate, or still knows the issuer that was there before (for 2 h, or until it restarts)`;
}
