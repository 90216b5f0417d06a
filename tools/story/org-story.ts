import type { Account, SecurityStepRecord } from "../../shared/kcp/objects.ts";
import { createConfigMap, listConfigMaps } from "../people/access.ts";
import type { Access, Cast } from "./cast.ts";
import type { Teller } from "./teller.ts";

const acme = "root:orgs:acme";
/** kcp may have looked for an issuer of a workspace before there was one, and remembers that for 10 s. */
const issuerKnownWithin = 20_000;

/** Somebody who has no org yet makes one with a token of realm welcome. */
export async function createOrg(teller: Teller, { alice, welcomed }: Cast): Promise<void> {
  teller.chapter("1. alice has no organization yet, and creates one");
  const access = await teller.does(`${alice.email} logs in to realm welcome`, () => welcomed(alice));
  const created = await teller.does("she creates org acme with that token: pm account create acme --wait", () =>
    access.pm("account", "create", "acme", "--display-name=Acme Corp", "--wait"),
  );
  const account = await access.client.get("Account", "root:orgs", "acme");
  teller.detail(created);
  teller.detail(`status.security of Account acme:\n${account ? securityOf(account) : ""}`);
}

/** Each part with its state, the seconds since the Account was created, and what it says. */
function securityOf({ metadata, status }: Account): string {
  const since = ({ lastTransitionTime }: SecurityStepRecord) =>
    Math.round((Date.parse(lastTransitionTime) - Date.parse(metadata.creationTimestamp)) / 1000);
  const steps = status?.security?.steps ?? [];
  return steps
    .map((step) => `  ${step.name.padEnd(16)}${step.state.padEnd(9)}+${since(step)} s  ${step.message}`.trimEnd())
    .join("\n");
}

/** The creator comes in by the mail that invites her; who has a login in the realm and no role does not. */
export async function enterOrg(teller: Teller, cast: Cast): Promise<Access> {
  teller.chapter(
    "2. alice is invited into realm acme by mail, and works in her org; erin has a login there, and no role",
  );
  const alice = await teller.does("alice opens the link in the mail and sets a password", () =>
    cast.join(cast.alice.email, "acme"),
  );
  const owner = await teller.does("she logs in to realm acme", () => cast.inOrg(alice, "acme"));
  await teller.sees({
    what: `she creates ConfigMap plan in ${acme}`,
    look: () => createConfigMap(owner.client, acme, "plan"),
    expected: "ok",
    within: issuerKnownWithin,
  });
  const erin = await cast.inOrg(await cast.enrolled("erin@example.com", "acme"), "acme");
  await teller.sees({
    what: `erin asks for the ConfigMaps of ${acme}`,
    look: () => listConfigMaps(erin.client, acme),
    expected: 403,
  });
  return owner;
}

/** Who works in another org is nobody here, whatever the realm there says. */
export async function comeFromElsewhere(teller: Teller, cast: Cast): Promise<void> {
  teller.chapter("5. carol has an org of her own, whose tokens are good for nothing in acme");
  const access = await cast.welcomed(cast.carol);
  await teller.does("carol creates org globex with her token of realm welcome", () =>
    access.pm("account", "create", "globex", "--wait"),
  );
  const carol = await teller.does("she follows her mail and logs in to realm globex", async () =>
    cast.inOrg(await cast.join(cast.carol.email, "globex"), "globex"),
  );
  await teller.sees({
    what: "she asks for the ConfigMaps of root:orgs:globex",
    look: () => listConfigMaps(carol.client, "root:orgs:globex"),
    expected: "ok",
    within: issuerKnownWithin,
  });
  await teller.sees({
    what: `with the same token she asks for the ConfigMaps of ${acme}`,
    look: () => listConfigMaps(carol.client, acme),
    expected: 401,
  });
}
