import { fileURLToPath } from "node:url";
import type { Program } from "../../eventing/isolation/launch.ts";
import type { GlobalOptions, Io, Option, Options, OptionValue, Values } from "../command.ts";
import { program } from "../home.ts";
import { exportFlags } from "./export-flags.ts";
import type { runFlags } from "./flags.ts";
import { processFlags } from "./process-flags.ts";
import { recordFlags } from "./record-flags.ts";
import { workFlags } from "./work-flags.ts";

/** What a function's process is told of the flags of pm run: all that the functions themselves read, wherever it came
 *  from. Bus, metrics and traces stay with pm run. */
const passed: Options = {
  kubeconfig: { type: "string", description: "" },
  context: { type: "string", description: "" },
  timeout: { type: "duration", description: "" },
  ...workFlags,
  ...exportFlags,
  "log-level": processFlags["log-level"],
  record: recordFlags.record,
};

/** Variables that a function's process gets, where they are set: to be found, to trust, to pass proxies and to start fast. */
const variables = [
  ...["PATH", "HOME", "KUBECONFIG", "TMPDIR", "TZ", "LANG", "XDG_CACHE_HOME", "NODE_COMPILE_CACHE"],
  ...["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
];

/** How long a function's process may take to end, below the time after which it is killed. */
const shutdownTimeout = "8s";

/** This program, as the server of one function. */
export function functionProgram(flags: Values<typeof runFlags> & Values<GlobalOptions>, env: Io["env"]): Program {
  const values: Readonly<Record<string, OptionValue>> = flags;
  const told = Object.entries(passed).flatMap(([name, option]) => asTyped(name, option, values[name]));
  // Limits of memory are the same; a debugger's port is not.
  const execArgv = process.execArgv.filter((arg) => arg.startsWith("--max-"));
  const own = ["--metrics-bind-address=0", `--shutdown-timeout=${shutdownTimeout}`];
  return {
    file: process.execPath,
    argsFor: (name) => [...execArgv, fileURLToPath(program), "serve", `--function=${name}`, ...own, ...told],
    env: Object.fromEntries(variables.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
  };
}

/** The flag as one would type it; nothing where it has no value. */
function asTyped(name: string, { type }: Option, value: OptionValue): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.length > 0 ? [`--${name}=${value.join(",")}`] : [];
  return [`--${name}=${value}${type === "duration" ? "ms" : ""}`];
}
