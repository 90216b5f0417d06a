import type { Call } from "../../shared/kcp/client.ts";
import { readSecurityType } from "../../shared/kcp/marker-urls.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { securityMarker } from "../../shared/names.ts";
import { UsageError } from "../errors.ts";
import { configurationsOf } from "./issuers.ts";
import { type FileStep, loadSteps, type Manifest, manifestsFolder, type Values } from "./manifests.ts";
import { layOver } from "./overlay.ts";
import { readWelcome, type Welcome, type WelcomeFlags, welcomeName, welcomeTexts } from "./welcome.ts";

export const securityModes = ["on", "off"] as const;
/** As flags say it. */
export interface SecurityFlags {
  /** What is there stays without. */
  readonly mode?: (typeof securityModes)[number] | undefined;
  /** Lets workspaces go that wait for the security function. */
  readonly release: boolean;
  readonly welcome: WelcomeFlags;
}
export interface SecurityWish {
  readonly mode: SecurityFlags["mode"];
  readonly release: boolean;
  readonly welcome: Welcome | undefined;
}

/** How a kcp shall be. */
export interface Security {
  readonly isOn: boolean;
  /** A flag says so: what differs in it is changed, as with --upgrade. */
  readonly isAsked: boolean;
  /** The issuer of those who have no org yet; `kept` is one that is there, whatever it is. */
  readonly welcome: Welcome | "kept" | undefined;
}

const noFlags: SecurityFlags = { mode: undefined, release: false, welcome: { audiences: [] } };

/** What the flags mean together. Throws UsageError. */
export async function readSecurity({ mode, release, welcome: flags }: SecurityFlags = noFlags): Promise<SecurityWish> {
  const next = "pm bootstrap --help";
  const welcome = await readWelcome(flags);
  if (release && mode !== "off") throw new UsageError("--release is for --security=off", { next });
  if (welcome && mode === "off") throw new UsageError("--security=off takes no --welcome-issuer-url", { next });
  return { mode, release, welcome };
}

/** The wish, and what is there where nothing is wished: a run without the flags of an earlier one switches nothing.
 *  Throws UsageError when the two do not go together. */
export async function chosenSecurity(wish: SecurityWish, client: Client, call: Call): Promise<Security> {
  const isOn = wish.mode ? wish.mode === "on" : await isSecured(client, call);
  if (wish.welcome && !isOn) {
    throw new UsageError("--welcome-issuer-url is for kcps with security", { next: "add --security=on" });
  }
  const kept = isOn && (await configurationsOf(client, "orgs", call)).includes(welcomeName) ? "kept" : undefined;
  const isAsked = wish.mode !== undefined || wish.welcome !== undefined;
  return { isOn, isAsked, welcome: wish.welcome ?? kept };
}

/** Whether workspaces of this kcp wait for the security function. */
export async function isSecured(client: Pick<Client, "read">, call: Call): Promise<boolean> {
  const { isOn } = await readSecurityType((resource, target) => client.read(resource, target, call), securityMarker);
  return isOn;
}

/** All manifests but those of admission. */
export async function installationSteps(kcp: Values, security: Security): Promise<readonly FileStep[]> {
  const { isOn, isAsked, welcome } = security;
  const layers = await loadLayers(kcp, welcome);
  let steps = await loadSteps(manifestsFolder, kcp);
  if (isOn) steps = layOver(steps, layers.security);
  if (welcome) steps = layOver(steps, welcome === "kept" ? withoutIssuer(layers.welcome) : layers.welcome);
  if (!isAsked) return steps;
  const concerned = [...layers.security, ...layers.welcome];
  return steps.map((step) => {
    const objects = concerned.filter(({ file }) => file === step.file).flatMap((layer) => layer.objects);
    const asked = step.objects.filter((object) => objects.some((other) => isSame(object, other)));
    const issuers = isOn ? [] : objects.filter(isIssuer);
    const unwanted = issuers.length > 0 ? { unwanted: { objects: issuers, isReplaced: true } } : {};
    return { ...step, asked, ...unwanted };
  });
}

async function loadLayers(kcp: Values, welcome: Security["welcome"]) {
  const texts = welcomeTexts(typeof welcome === "object" ? welcome : undefined);
  const folder = (name: string) => new URL(`${name}/`, manifestsFolder);
  return {
    security: await loadSteps(folder("security"), kcp),
    welcome: await loadSteps(folder("welcome"), { ...kcp, texts }),
  };
}

const isSame = (a: Manifest, b: Manifest) => a.kind === b.kind && a.metadata.name === b.metadata.name;
const isIssuer = ({ kind }: Manifest) => kind === "WorkspaceAuthenticationConfiguration";
const withoutIssuer = (steps: readonly FileStep[]) =>
  steps.map((step) => ({ ...step, objects: step.objects.filter((object) => !isIssuer(object)) }));
