import { access, readFile } from "node:fs/promises";
import type { FgaServer } from "../../shared/fga/credentials.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import type { KubeconfigOptions } from "../../shared/kcp/kubeconfig.ts";
import type { Io } from "../command.ts";
import { runDoctor } from "../doctor/doctor.ts";
import { UsageError } from "../errors.ts";
import { connectAdmin } from "./admin.ts";
import { type AdmissionFlags, admissionSteps, chosenSteps, readAdmission } from "./admission.ts";
import { loadSteps, manifestsFolder, nameOf, type Step } from "./manifests.ts";
import {
  type CredentialFiles,
  checkOperator,
  readCredentials,
  writeOperatorKubeconfig,
} from "./operator-kubeconfig.ts";
import type { OperatorSecret } from "./operator-secret.ts";
import { makeOrgsStore } from "./orgs-store.ts";
import type { Plan } from "./plan.ts";
import { checkPreconditions } from "./preconditions.ts";
import { inWords } from "./preview.ts";
import { Progress, type StepReport } from "./progress.ts";
import { refusePending } from "./release.ts";
import { runStep } from "./run-step.ts";
import { refuseBreakingSchemas } from "./schema-upgrade.ts";
import { chosenSecurity, readSecurity, type SecurityFlags } from "./security.ts";
import { stepsOf } from "./security-steps.ts";
import { isBusy, settleMs, tryAgain, waitUntil } from "./wait.ts";
import { untilServed } from "./webhooks.ts";

export interface BootstrapOptions {
  /** kcp administrator. */
  readonly admin: KubeconfigOptions;
  /** File of the functions' kubeconfig. */
  readonly operatorKubeconfig: string;
  readonly credentials: CredentialFiles;
  /** Takes the functions' kubeconfig too. */
  readonly operatorSecret?: OperatorSecret | undefined;
  readonly admission: AdmissionFlags;
  readonly security?: SecurityFlags;
  /** OpenFGA, to get its store of the orgs. */
  readonly fga?: FgaServer | undefined;
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
  if (options.operatorSecret && !user) {
    throw new UsageError("--operator-secret needs the credentials that go into it", {
      next: "add --operator-token-file, or --operator-client-certificate and --operator-client-key",
    });
  }
  const admission = await readAdmission(options.admission);
  const wish = await readSecurity(options.security);
  const { client, views, config } = await connectAdmin(options);
  const call = { signal: io.signal };
  const plans: Plan[] = [];
  let operator: string | undefined;
  try {
    let steps: readonly Step[] = [
      ...(await loadSteps(manifestsFolder, { tenancyIdentityHash: "" })),
      ...(await admissionSteps(admission)),
    ];
    const progress = new Progress(steps.length + (options.fga ? 4 : 3), io.stdout, io);
    const prepare = async () => {
      const kcp = await checkPreconditions(client, { limitMs: options.waitMs, io });
      const security = await chosenSecurity(wish, client, call);
      if (wish.mode === "off" && !wish.release) await refusePending(client, views, call);
      steps = [
        ...(await stepsOf(kcp, security, { wish, views, wait: { limitMs: options.waitMs, io } })),
        ...(await chosenSteps(admission, client, call)),
      ];
      if (admission.form === "webhook") await untilServed(admission.webhooks, { limitMs: options.waitMs, io });
      const changes = options.upgrade || security.isAsked;
      if (changes && !options.force) await refuseBreakingSchemas(client, steps, call);
      const identity = `tenancy identity ${kcp.tenancyIdentityHash.slice(0, 8)}…`;
      return [`kcp${kcp.version && ` ${kcp.version}`}, ${identity}, security ${security.isOn ? "on" : "off"}`];
    };
    await progress.step("preconditions", () => tryAgain(prepare, { passes: isBusy, limitMs: settleMs, io }));
    for (const step of steps) {
      await progress.step(`${step.workspace}: ${step.title}`, async () => {
        const done = await runStep(client, step, { ...options, io });
        plans.push(...done.plans);
        const differing = done.plans.filter(({ state }) => state === "differs" || state === "unwanted");
        const endpoint = done.endpoint ? [`endpoint ${done.endpoint}`] : [];
        return [counts(done.plans), ...endpoint, ...differing.map(inWords)];
      });
    }
    const { fga } = options;
    if (fga) await progress.step("OpenFGA: store orgs", async () => [await makeOrgsStore(fga, call)]);
    await progress.step("operator identity", async () => {
      const file = options.operatorKubeconfig;
      if (user) operator = await onceAllowed(() => writeOperatorKubeconfig(config, user, file, call), io);
      else if (await exists(file)) operator = await onceAllowed(() => checkOperator(file, call), io);
      if (!operator) return ["no credentials given, no kubeconfig written"];
      const { operatorSecret: secret } = options;
      await secret?.write(await readFile(file, "utf8"), call);
      return [`user ${operator}`, ...(secret ? [`Secret ${secret.title}`] : [])];
    });
    await progress.step("verify", async () =>
      operator ? [await verify(options, io)] : ["only with an operator identity"],
    );
    return report(progress.steps, plans, operator);
  } finally {
    client.close();
  }
}

/** New rights take kcp a moment, and its virtual workspaces remember a refusal for 10 s: what fails at first sight is
 *  looked at again. */
const verifyMs = 30_000;

const onceAllowed = <T>(work: () => Promise<T>, io: BootstrapIo): Promise<T> => {
  const passes = (error: unknown) => isBusy(error) || (error instanceof ApiError && error.code === 403);
  return tryAgain(work, { passes, limitMs: verifyMs, io });
};

async function verify({ admin, fga, operatorKubeconfig, timeoutMs, waitMs }: BootstrapOptions, io: BootstrapIo) {
  let found = "";
  const check = { admin, fga, operator: { file: operatorKubeconfig }, canary: false, only: [], timeoutMs, waitMs };
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

function counts(plans: readonly Plan[]): string {
  const words = {
    ...{ missing: "created", differs: "differ", changed: "changed", same: "there" },
    ...{ unwanted: "unwanted", removed: "removed" },
  } as const;
  return (["missing", "differs", "changed", "same", "unwanted", "removed"] as const)
    .map((state) => ({ state, number: plans.filter((plan) => plan.state === state).length }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${number} ${words[state]}`)
    .join(", ");
}

function report(steps: readonly StepReport[], plans: readonly Plan[], operator: string | undefined): BootstrapReport {
  const names = (state: Plan["state"]) =>
    plans.filter((plan) => plan.state === state).map(({ workspace, object }) => nameOf(workspace, object));
  return {
    steps,
    created: names("missing"),
    changed: names("changed"),
    removed: names("removed"),
    differing: [...names("differs"), ...names("unwanted")],
    operator,
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
