import { access } from "node:fs/promises";
import { z } from "zod";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type KubeconfigOptions, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import type { Io } from "../command.ts";
import { toYaml } from "../yaml.ts";
import { loadSteps, type Manifest, manifestsFolder, nameOf, resourceOf, type Step } from "./manifests.ts";
import { missing } from "./missing.ts";
import {
  type CredentialFiles,
  checkOperator,
  readCredentials,
  writeOperatorKubeconfig,
} from "./operator-kubeconfig.ts";
import { fieldManager, maySettle, type Plan, planAll, planObject, readLive } from "./plan.ts";
import { checkPreconditions, type Kcp } from "./preconditions.ts";
import { Progress, type StepReport } from "./progress.ts";
import { refuseBreakingSchemas } from "./schema-upgrade.ts";
import { waitUntil } from "./wait.ts";

export interface BootstrapOptions {
  /** kcp administrator. */
  readonly admin: KubeconfigOptions;
  /** File of the functions' kubeconfig. */
  readonly operatorKubeconfig: string;
  readonly credentials: CredentialFiles;
  /** Also changes what exists and differs. */
  readonly upgrade: boolean;
  /** Takes over schemas that break the present ones. */
  readonly force: boolean;
  /** Milliseconds, of each wait. */
  readonly waitMs: number;
  /** Milliseconds, of each request. */
  readonly timeoutMs: number;
}
export type BootstrapIo = Pick<Io, "stdout" | "stderr" | "signal" | "now" | "color">;

export interface BootstrapReport {
  readonly steps: readonly StepReport[];
  readonly created: readonly string[];
  readonly changed: readonly string[];
  /** What exists, differs, and was left alone: for --upgrade. */
  readonly differing: readonly string[];
  /** User name behind the functions' kubeconfig; `undefined` when there is none. */
  readonly operator: string | undefined;
}

/** Sets kcp up for the account model. Each object is written at once or not at all and left alone when it is right, so a
 *  run that was cut off is continued by the next. Progress goes to stdout. */
export async function runBootstrap(options: BootstrapOptions, io: BootstrapIo): Promise<BootstrapReport> {
  const user = await readCredentials(options.credentials);
  const config = await loadKubeconfig(options.admin);
  const client = createClient({ config, timeoutMs: options.timeoutMs });
  const call = { signal: io.signal };
  const plans: Plan[] = [];
  let operator: string | undefined;
  try {
    const files = await loadSteps(manifestsFolder, { tenancyIdentityHash: "" });
    const progress = new Progress(files.length + 2, io.stdout, io);
    let steps: readonly Step[] = files;
    await progress.step("preconditions", async () => {
      const kcp = await preconditions(client, options, io);
      steps = await loadSteps(manifestsFolder, kcp);
      if (options.upgrade && !options.force) await refuseBreakingSchemas(client, steps, call);
      return [`kcp${kcp.version && ` ${kcp.version}`}, tenancy identity ${kcp.tenancyIdentityHash.slice(0, 8)}…`];
    });
    for (const step of steps) {
      await progress.step(`${step.workspace}: ${step.title}`, async () => {
        const [done, detail] = await runStep(client, step, options, io);
        plans.push(...done);
        return [
          summary(done, options.upgrade, detail),
          ...done.filter(({ state }) => state === "differs").map(inWords),
        ];
      });
    }
    await progress.step("operator identity", async () => {
      const file = options.operatorKubeconfig;
      if (user) operator = await writeOperatorKubeconfig(config, user, file, call);
      else if (await exists(file)) operator = await checkOperator(file, call);
      return [operator ? `user ${operator}, ${file}` : "no credentials given, no kubeconfig written"];
    });
    return report(progress.steps, plans, options.upgrade, operator);
  } finally {
    client.close();
  }
}

/** The manifests as they would be applied, as YAML. */
export async function renderManifests(options: BootstrapOptions, io: BootstrapIo): Promise<string> {
  return withSteps(options, io, async (_, steps) =>
    steps
      .flatMap(({ workspace, objects }) => objects.map((object) => `---\n# workspace: ${workspace}\n${toYaml(object)}`))
      .join(""),
  );
}

/** What an upgrade would do, one plan for each object that is missing or differs. */
export async function planUpgrade(options: BootstrapOptions, io: BootstrapIo): Promise<readonly Plan[]> {
  return withSteps(options, io, async (client, steps) => {
    if (!options.force) await refuseBreakingSchemas(client, steps, { signal: io.signal });
    return (await planAll(client, steps, { signal: io.signal })).filter(({ state }) => state !== "same");
  });
}

async function withSteps<T>(
  options: BootstrapOptions,
  io: BootstrapIo,
  work: (client: Client, steps: readonly Step[]) => Promise<T>,
): Promise<T> {
  const client = createClient({ config: await loadKubeconfig(options.admin), timeoutMs: options.timeoutMs });
  try {
    return await work(client, await loadSteps(manifestsFolder, await preconditions(client, options, io)));
  } finally {
    client.close();
  }
}

const again = "pm bootstrap again, it goes on from here; see the log of kcp if it stays so";

const preconditions = (client: Client, { waitMs }: BootstrapOptions, io: BootstrapIo): Promise<Kcp> =>
  checkPreconditions(client, { limitMs: waitMs, next: "is this kcp still starting?  see its log", io });

async function runStep(
  client: Client,
  { workspace, objects }: Step,
  options: BootstrapOptions,
  io: BootstrapIo,
): Promise<[plans: readonly Plan[], detail: string]> {
  const wait = { limitMs: options.waitMs, next: again, io };
  const plans: Plan[] = [];
  for (const object of objects) {
    await waitUntil(
      nameOf(workspace, object),
      () => settling(async () => plans.push(await settle(client, workspace, object, options.upgrade, io))),
      { ...wait, limitMs: Math.min(options.waitMs, settleMs) },
    );
  }
  let detail = "";
  for (const object of objects) {
    const ready = async () => {
      const live = await readLive(client, workspace, object, { signal: io.signal });
      detail = endpointOf(live) ?? detail;
      return live ? missing(live) : "it is gone again";
    };
    await waitUntil(nameOf(workspace, object), ready, wait);
  }
  return [plans, detail];
}

/** Rights and a new workspace reach kcp's caches a moment late: a refusal is final only after this time. */
const settleMs = 10_000;

async function settling(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (maySettle(error)) return messageOf(error);
    throw error;
  }
}

async function settle(
  client: Client,
  workspace: string,
  object: Manifest,
  upgrade: boolean,
  io: BootstrapIo,
): Promise<Plan> {
  const call = { signal: io.signal };
  const plan = await planObject(client, workspace, object, call);
  if (plan.state === "missing" || (plan.state === "differs" && upgrade)) {
    await client.apply(resourceOf(object), workspace, object, { fieldManager }, call);
  }
  return plan;
}

const withEndpoints = z.looseObject({
  status: z.looseObject({ endpoints: z.array(z.looseObject({ url: z.string() })) }),
});
function endpointOf(live: unknown): string | undefined {
  const url = withEndpoints.safeParse(live).data?.status.endpoints[0]?.url;
  return url && `endpoint ${url}`;
}

/** One object and the fields at which it differs. */
export const inWords = ({ workspace, object, state, changes }: Plan): string =>
  `${state}: ${nameOf(workspace, object)}${changes.length > 0 ? `: ${changes.join(", ")}` : ""}`;

function summary(plans: readonly Plan[], upgrade: boolean, detail: string): string {
  const count = (state: Plan["state"], what: string) => {
    const number = plans.filter((plan) => plan.state === state).length;
    return number > 0 ? [`${number} ${what}`] : [];
  };
  const counts = [
    ...count("missing", "created"),
    ...count("differs", upgrade ? "changed" : "differ"),
    ...count("same", "there"),
  ];
  return [counts.join(", "), detail].filter(Boolean).join("; ");
}

function report(
  steps: readonly StepReport[],
  plans: readonly Plan[],
  upgrade: boolean,
  operator: string | undefined,
): BootstrapReport {
  const names = (state: Plan["state"]) =>
    plans.filter((plan) => plan.state === state).map(({ workspace, object }) => nameOf(workspace, object));
  const differ = names("differs");
  return {
    steps,
    created: names("missing"),
    changed: upgrade ? differ : [],
    differing: upgrade ? [] : differ,
    operator,
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
