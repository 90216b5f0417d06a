import { isDeepStrictEqual } from "node:util";
import type { Oidc, WorkspaceType } from "../../shared/kcp/objects.ts";
import { accountType, orgType, workspaceTypeName } from "../../shared/naming.ts";
import { repairPatch } from "../../shared/repair-patch.ts";
import { type Chain, ended, type Part, skippedPart, stepBefore } from "./chain.ts";
import { organizationOf } from "./clients.ts";

/** Tells everything below the org where its store and its issuer are: accounts copy it, level by level. */
export const infoPart: Part = {
  name: "accountInfo",
  async run(chain) {
    const { cluster, info, kcp, record } = chain;
    const oidc = oidcOf(chain);
    const id = record.storeId;
    const isStale = id !== undefined && info.spec.fga.store.id !== id;
    const isOther = oidc !== undefined && !isDeepStrictEqual(info.spec.oidc, oidc);
    if (!isStale && !isOther) return ended;
    await kcp.repairInfo(cluster, info, {
      ...(isStale && { fga: { store: { id } } }),
      // The whole block is replaced: what another run or the reference wrote under other keys goes.
      ...(isOther && { oidc: info.spec.oidc ? repairPatch(info.spec.oidc, oidc) : oidc }),
    });
    return ended;
  },
};

/** `undefined` while it is not ours to say who issues tokens for the org. */
function oidcOf({ clientIds, identity, record, settings }: Chain): Oidc | undefined {
  if (!record.issuer || !identity || !settings.parts.identity) return undefined;
  const clients = Object.entries(clientIds).map(([name, clientId]) => [name, { clientId }]);
  return { issuerUrl: record.issuer, clients: Object.fromEntries(clients) };
}

/** Makes kcp accept the org's tokens in the org and in every account below it. */
export const authenticationPart: Part = {
  name: "authentication",
  async run(chain) {
    const { clusters, ctx, info, kcp, settings, world } = chain;
    if (!settings.parts.authentication) return skippedPart("switched off");
    // Where others keep the issuer, AccountInfo says which it is.
    const { issuerUrl, clients = {} } = oidcOf(chain) ?? info.spec.oidc ?? {};
    const clientIds = Object.values(clients).map(({ clientId }) => clientId);
    const audiences = [...new Set([...clientIds, ...settings.additionalAudiences])].toSorted();
    if (!issuerUrl || audiences.length === 0) return skippedPart("nobody issues tokens for this org");
    const org = world.account.metadata.name;
    const wanted = authenticationOf(issuerUrl, audiences, chain);
    const present = await clusters.readAuthentication({ cluster: world.cluster, name: org }, ctx);
    if (!isDeepStrictEqual(present, wanted)) await kcp.applyAuthentication(world.cluster, org, wanted);
    for (const type of await typesOf(chain)) {
      if (!type.spec.authenticationConfigurations?.some(({ name }) => name === org)) {
        await kcp.authenticateBy(world, type, org);
      }
    }
    return ended;
  },
};

async function typesOf({ world }: Chain): Promise<readonly WorkspaceType[]> {
  const names = [orgType, accountType].map((type) => workspaceTypeName(world.account.metadata.name, type));
  const types = await Promise.all(names.map((name) => world.typeBeside(name)));
  return types.filter((type) => type !== undefined);
}

function authenticationOf(url: string, audiences: readonly string[], { settings }: Chain): object {
  const { claims, issuerCa } = settings;
  const issuer = {
    url,
    audiences,
    audienceMatchPolicy: "MatchAny",
    ...(issuerCa && { certificateAuthority: issuerCa }),
  };
  const claimMappings = {
    username: { claim: claims.username, prefix: "" },
    groups: { claim: claims.groups, prefix: "" },
  };
  return { jwt: [{ issuer, claimMappings }] };
}

/** A creator who has no mail address, as a ServiceAccount, has its rights all the same (spec/security.md, S17). */
export const invitationPart: Part = {
  name: "invitation",
  async run(chain) {
    const { clientIds, creator, identity, settings, world } = chain;
    if (!settings.parts.invitation) return skippedPart("switched off");
    if (!identity) return skippedPart("no identity provider is configured");
    if (!isEmail(creator)) return skippedPart(creator ? `creator ${creator} is no e-mail address` : "no creator");
    // Once: a creator whose user was removed on purpose is not invited again.
    const before = stepBefore(chain, "invitation");
    if (before?.state === "Done") return { state: "Done", message: before.message };
    const organization = organizationOf(world);
    const clientId = clientIds[organization.name];
    if (!clientId) return skippedPart("the org has no client to invite to");
    const redirectUri = `https://${organization.name}.${settings.baseDomain}/`;
    const state = await identity.invite(
      { organization, invitation: { email: creator, clientId, redirectUri } },
      chain.ctx,
    );
    // A crash may have come between a first invitation and its answer: nobody knows which of the two it was.
    return state === "unsupported"
      ? skippedPart("this identity provider keeps no users of ours")
      : { state: "Done", message: `${creator} is invited, or was there` };
  },
};

const email = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;
const isEmail = (text: string): boolean => email.test(text) && text.length <= 254;
