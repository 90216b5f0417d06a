import { formatDuration } from "../../shared/duration.ts";
import { defineCommand, type Io, type Options } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { fgaFlags, fgaOf } from "../run/fga-flags.ts";
import { creatorFlags, ruleFlags, rulesOf } from "../run/setting-flags.ts";
import { connectAdmin } from "./admin.ts";
import { admissionForms } from "./admission.ts";
import { type BootstrapOptions, type BootstrapReport, runBootstrap } from "./bootstrap.ts";
import { openOperatorSecret } from "./operator-secret.ts";
import { inWords, planUpgrade, renderManifests } from "./preview.ts";
import { securityModes } from "./security.ts";

const securityFlags = {
  security: {
    type: "string",
    choices: securityModes,
    description: "have new orgs and accounts wait for the security function, or not; stays as it is without",
  },
  release: {
    type: "boolean",
    description: "with --security=off: let go on without the function what waits for it",
  },
  "welcome-issuer-url": {
    type: "string",
    description: "whose tokens are good in root:orgs, for people who have no org yet, as https://login/realms/welcome",
  },
  "welcome-audience": { type: "string[]", description: "client ids that they log in with" },
  "welcome-ca": { type: "string", description: "file of the CA that signed that issuer's certificate" },
} as const satisfies Options;

/** What pm run is told, too. */
const policyFlags = { ...ruleFlags, ...creatorFlags };

export default defineCommand({
  name: "bootstrap",
  summary: "Set up a kcp for accounts: workspaces, types, schemas, export, rights",
  description:
    "Takes the kubeconfig of a kcp administrator, and makes what is missing. It can be run again at any time: what is right\n" +
    "is left alone, and a run that was cut off goes on. What exists but differs is changed with --upgrade only.\n" +
    "With credentials of a user in group platform-mesh-operators it also writes the kubeconfig that the functions run with.",
  options: {
    "operator-kubeconfig": {
      type: "string",
      default: "pm-operator.kubeconfig",
      description: "file for the functions' kubeconfig",
    },
    "operator-token-file": { type: "string", description: "file with the token of the functions' user" },
    "operator-client-certificate": { type: "string", description: "file with the functions' client certificate" },
    "operator-client-key": { type: "string", description: "file with the key of that certificate" },
    "operator-secret": {
      type: "string",
      description: "in a pod: Secret of its cluster that takes the functions' kubeconfig too, as [NAMESPACE/]NAME",
    },
    "webhook-url": {
      type: "string",
      description: "have the admission reviews of Accounts answered there, as https://account-functions:9443",
    },
    "webhook-ca": { type: "string", description: "file of the CA that signed that server's certificate" },
    admission: {
      type: "string",
      choices: admissionForms,
      description: "who refuses Accounts that may not be: webhook (default with --webhook-url), policy (else), none",
    },
    ...policyFlags,
    ...securityFlags,
    ...fgaFlags,
    "dry-run": {
      type: "boolean",
      description: "print the YAML of everything in order; with --upgrade, what would change",
    },
    upgrade: { type: "boolean", description: "list and change what exists and differs" },
    force: {
      type: "boolean",
      description: "with --upgrade: also schemas that break objects or clients of the old ones",
    },
    wait: { type: "duration", default: "1m", description: "time limit of each wait" },
  },
  examples: [
    {
      run: "pm bootstrap --kubeconfig admin.kubeconfig --operator-token-file token",
      does: "everything, and pm-operator.kubeconfig for pm run",
    },
    {
      run: "pm bootstrap --kubeconfig admin.kubeconfig --webhooks-deny-list www,admin",
      does: "no org may be called so, by a policy in kcp",
    },
    {
      run: "pm bootstrap --kubeconfig admin.kubeconfig --security=on --fga-url https://openfga:8080",
      does: "orgs and accounts are Ready only once the security function has made them safe",
    },
    { run: "pm bootstrap --kubeconfig admin.kubeconfig --dry-run", does: "the manifests as YAML; nothing is written" },
    { run: "pm bootstrap --kubeconfig admin.kubeconfig --upgrade --dry-run", does: "what an upgrade would change" },
  ],
  async run({ options }, io) {
    const { output, "operator-secret": secret } = options;
    const operatorSecret = secret && !options["dry-run"] ? await openOperatorSecret(secret, io) : undefined;
    const settings = {
      admin: {
        ...(options.kubeconfig && { file: options.kubeconfig }),
        ...(options.context && { context: options.context }),
        env: io.env,
      },
      operatorKubeconfig: options["operator-kubeconfig"],
      credentials: {
        token: options["operator-token-file"],
        certificate: options["operator-client-certificate"],
        key: options["operator-client-key"],
      },
      operatorSecret,
      admission: {
        form: admissionForms.find((form) => form === options.admission),
        webhooks: { url: options["webhook-url"], ca: options["webhook-ca"] },
        settings: { ...rulesOf(options), creatorAdminGroup: options["creator-admin-group"] || undefined },
      },
      security: {
        mode: securityModes.find((mode) => mode === options.security),
        release: options.release,
        welcome: {
          issuerUrl: options["welcome-issuer-url"],
          audiences: options["welcome-audience"],
          ca: options["welcome-ca"],
        },
      },
      fga: fgaOf(options, "pm bootstrap"),
      upgrade: options.upgrade,
      force: options.force,
      waitMs: options.wait,
      timeoutMs: options.timeout,
    };
    if (options["dry-run"]) return preview(settings, output, io);
    const started = io.now();
    // The steps are for people; for scripts stdout holds the report alone.
    const report = await runBootstrap(settings, output === "table" ? io : { ...io, stdout: io.stderr });
    const seconds = formatDuration(io.now() - started);
    print(io, output, report, {
      table: () => closing(report, seconds, settings.operatorKubeconfig),
      name: () => [...report.created, ...report.changed, ...report.removed].map((name) => `${name}\n`).join(""),
    });
    return report.differing.length > 0 ? exit.failed : exit.ok;
  },
});

async function preview(options: BootstrapOptions, output: string, io: Io): Promise<number> {
  const admin = await connectAdmin(options);
  try {
    if (!options.upgrade) {
      io.stdout.write(await renderManifests(admin, { ...options, io }));
      return exit.ok;
    }
    const plans = await planUpgrade(admin, { ...options, io });
    const lines = plans.map((plan) => `${inWords(plan)}\n`).join("");
    print(io, output, plans, { table: () => lines || "nothing to change\n", name: () => lines });
    return exit.ok;
  } finally {
    admin.client.close();
  }
}

function closing({ differing, operator }: BootstrapReport, seconds: string, file: string): string {
  if (differing.length > 0) {
    return `${differing.length} objects exist and differ: they were left alone\n  next: pm bootstrap --upgrade --dry-run\n`;
  }
  const next = operator
    ? `operator kubeconfig: ${file}\n  next: pm run --kubeconfig ${file}\n`
    : "no operator kubeconfig\n  next: pm bootstrap --operator-token-file <file with the token of a user in group platform-mesh-operators>\n";
  return `bootstrap complete in ${seconds}; ${next}`;
}
