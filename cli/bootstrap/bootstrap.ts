import { access } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "../../shared/kcp/client.ts";
import { type KubeconfigOptions, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import type { Io } from "../command.ts";
import { runDoctor } from "../doctor/doctor.ts";
import { type AdmissionFlags, admissionSteps, chosenSteps, readAdmission } from "./admission.ts";
import { loadSteps, manifestsFolder, nameOf } from "./manifests.ts";
import {
  type CredentialFiles,
  checkOperator,
  readCredentials,
  writeOperatorKubeconfig,
} from "./operator-kubeconfig.ts";
import type { Plan } from "./plan.ts";
import { checkPreconditions } from "./preconditions.ts";
import { inWords } from "./preview.ts";
import { Progress, type StepReport } from "./progress.ts";
import { runStep } from "./run-step.ts";
import { refuseBreakingSchemas } from "./schema-upgrade.ts";
import { waitUntil } from "./wait.ts";
import { untilServed } from "./webhooks.ts";

export interface BootstrapOptions {
  /** kcp administrator. */
  readonly admin: KubeconfigOptions;
  /** File of the functions' kubeconfig. */
  readonly operatorKubeconfig: string;
  readonly credentials: CredentialFiles;
  readonly admission: AdmissionFlags;
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
  readonly removed: readonly string[];
  /** What exists, differs or is unwanted, and was left alone: for --upgrade. */
  readonly differing: readonly string[];
  /** User name behind the functions' kubeconfig; `undefined` when there is none. */
  readonly operator: string | undefined;
}

/** Sets kcp up for the account model. Each object is written at once or not at all and left alone when it is right, so a
 *  run that was cut off is continued by the next. Progress goes to stdout. */
export async function runBootstrap(options: BootstrapOptions, io: BootstrapIo): Promise<BootstrapReport> {
  const user = await readCredentials(options.credentials);
  const admission = await readAdmission(options.admission);
  const config = await loadKubeconfig(options.admin);
  const client = createClient({ config, timeoutMs: options.timeoutMs });
  const call = { signal: io.signal };
  const plans: Plan[] = [];
  let operator: string | undefined;
  try {
    let steps = [
      ...(await loadSteps(manifestsFolder, { tenancyIdentityHash: "" })),
      ...(await admissionSteps(admission)),
    ];
    const progress = new Progress(steps.length + 3, io.stdout, io);
    await progress.step("preconditions", async () => {
      const kcp = await checkPreconditions(client, { limitMs: options.waitMs, io });
      steps = [...(await loadSteps(manifestsFolder, kcp)), ...(await chosenSteps(admission, client, call))];
      if (admission.form === "webhook") await untilServed(admission.webhooks, { limitMs: options.waitMs, io });
      if (options.upgrade && !options.force) await refuseBreakingSchemas(client, steps, call);
      return [`kcp${kcp.version && ` ${kcp.version}`}, tenancy identity ${kcp.tenancyIdentityHash.slice(0, 8)}…`];
    });
    for (const step of steps) {
      await progress.step(`${step.workspace}: ${step.title}`, async () => {
        const done = await runStep(client, step, { ...options, io });
        plans.push(...done.plans);
        const differing = done.plans.filter(({ state }) => state === "differs" || state === "unwanted");
        const endpoint = done.endpoint ? [`endpoint ${done.endpoint}`] : [];
        return [counts(done.plans, options.upgrade), ...endpoint, ...differing.map(inWords)];
      });
    }
    await progress.step("operator identity", async () => {
      const file = options.operatorKubeconfig;
      if (user) operator = await onceAllowed(() => writeOperatorKubeconfig(config, user, file, call), io);
      else if (await exists(file)) operator = await onceAllowed(() => checkOperator(file, call), io);
      return [operator ? `user ${operator}` : "no credentials given, no kubeconfig written"];
    });
    await progress.step("verify", async () =>
      operator ? [await verify(options, io)] : ["only with an operator identity"],
    );
    return report(progress.steps, plans, options.upgrade, operator);
  } finally {
    client.close();
  }
}

/** New rights take kcp a moment, and its virtual workspaces remember a refusal for 10 s: what fails at first sight is
 *  looked at again. */
const verifyMs = 30_000;

async function onceAllowed<T>(work: () => Promise<T>, io: BootstrapIo): Promise<T> {
  for (const started = io.now(); ; ) {
    try {
      return await work();
    } catch (error) {
      const isLag = error instanceof ApiError && error.code === 403 && io.now() - started < verifyMs;
      if (!isLag) throw error;
      await delay(200, undefined, { signal: io.signal });
    }
  }
}

async function verify({ admin, operatorKubeconfig, timeoutMs, waitMs }: BootstrapOptions, io: BootstrapIo) {
  let found = "";
  const check = { admin, operator: { file: operatorKubeconfig }, canary: false, only: [], timeoutMs, waitMs };
  await waitUntil(
    "the installation",
    async () => {
      const findings = await runDoctor(check, io);
      const of = (level: string) => findings.filter((finding) => finding.level === level);
      found = `${of("OK").length} checks OK, ${of("WARN").length} WARN`;
      return of("FAIL").map(({ id, message }) => `${id}: ${message}`)[0];
    },
    { limitMs: verifyMs, next: `pm doctor --kubeconfig ${operatorKubeconfig}`, io },
  );
  return found;
}

function counts(plans: readonly Plan[], upgrade: boolean): string {
  const words = {
    ...{ missing: "created", differs: upgrade ? "changed" : "differ", same: "there" },
    ...{ unwanted: "unwanted", removed: "removed" },
  } as const;
  return (["missing", "differs", "same", "unwanted", "removed"] as const)
    .map((state) => ({ state, number: plans.filter((plan) => plan.state === state).length }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${number} ${words[state]}`)
    .join(", ");
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
    removed: names("removed"),
    differing: [...(upgrade ? [] : differ), ...names("unwanted")],
    operator,
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
