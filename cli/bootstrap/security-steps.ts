import type { Call } from "../../shared/kcp/client.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { lacksIssuer } from "./issuers.ts";
import type { Step, Values } from "./manifests.ts";
import { lacksClaims } from "./orgs-claims.ts";
import { lacksRelease, type Views } from "./release.ts";
import { installationSteps, type Security, type SecurityWish } from "./security.ts";
import { type WaitOptions, waitUntil } from "./wait.ts";

type Lacks = NonNullable<Step["lacks"]>;
interface StepsOptions {
  readonly wish: SecurityWish;
  readonly views: Views;
  readonly wait: Omit<WaitOptions, "next">;
}

/** All steps but those of admission, with what they wait for. */
export async function stepsOf(
  kcp: Values,
  security: Security,
  { wish, views, wait }: StepsOptions,
): Promise<readonly Step[]> {
  const steps = await installationSteps(kcp, security);
  const exported = steps
    .flatMap(({ objects }) => objects)
    .find(({ kind, metadata }) => kind === "APIExport" && metadata.name === coreExport);
  const { isOn, isAsked, welcome } = security;
  const waits: Record<string, readonly Lacks[]> = {
    // Before anything is taken from the function that a workspace may still wait for.
    "01-root/1-security-and-providers-types.yaml":
      isAsked && !isOn ? [(client, call) => lacksRelease(client, views, { ...wish, call })] : [],
    "04-root.orgs/1-operator-rights.yaml": [
      ...(isOn && exported ? [(client: Client, call: Call) => lacksClaims(client, exported, call)] : []),
      ...(typeof welcome === "object" ? [issuerIsAsked(welcome.issuerUrl, wait)] : []),
    ],
  };
  return steps.map((step) => {
    const lacks = waits[step.file] ?? [];
    return lacks.length > 0 ? { ...step, lacks: inOrder(lacks) } : step;
  });
}

const inOrder =
  (all: readonly Lacks[]): Lacks =>
  async (client, call) => {
    for (const lacks of all) {
      const why = await lacks(client, call);
      if (why) return why;
    }
    return undefined;
  };

const issuerIsAsked =
  (issuer: string, wait: Omit<WaitOptions, "next">): Lacks =>
  async (client, call) => {
    const cluster = defaultSettings.orgsPath;
    const next = "start kcp with --feature-gates=WorkspaceAuthentication=true, or mend the issuer; kcp's log says more";
    const look = () => lacksIssuer(client, { cluster, issuer }, call);
    await waitUntil(`the log-in to ${cluster}`, look, { ...wait, next });
    return undefined;
  };
