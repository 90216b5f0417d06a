import { resolve } from "node:path";
import { embeddedBackend } from "./embedded-backend.ts";
import { kcpBackend, securedBackend } from "./kcp-backend.ts";
import type { Kcp } from "./kcp-server.ts";
import type { Security } from "./security-stack.ts";
import type { Server, StartOptions } from "./server.ts";

/** What the product runs on: a control plane that speaks kcp's API, and a bus. */
export interface Backend {
  /** For people who are about to use it. */
  readonly notice: string;
  start(options: Required<StartOptions>): Promise<RunningBackend>;
}
export interface RunningBackend {
  readonly kcp: Kcp;
  readonly bus: {
    /** Flags with which `pm run` uses it. */
    readonly flags: readonly string[];
    /** Environment with which other commands of `pm` find it, as `NAME=value`. */
    readonly env: string;
  };
  /** Those that run apart from the product. */
  readonly servers: readonly Server[];
  /** Absent where nobody logs in. */
  readonly security?: Security;
}

export type BackendName = "embedded" | "kcp";

/** What BACKEND asks for, `embedded` by default; throws for anything unknown. SECURITY=1 needs a kcp (decisions.md 45). */
export function backendName({ BACKEND, SECURITY }: NodeJS.ProcessEnv = process.env): BackendName {
  const needsKcp = SECURITY === "1";
  const name = BACKEND || (needsKcp ? "kcp" : "embedded");
  if (name !== "embedded" && name !== "kcp")
    throw new Error(`BACKEND=${name} is unknown. Use BACKEND=embedded (the default) or BACKEND=kcp.`);
  if (needsKcp && name !== "kcp")
    throw new Error("SECURITY=1 needs a real kcp. Leave out BACKEND, or use BACKEND=kcp.");
  return name;
}

/** The backend of that name, secured with SECURITY=1; DATA names the file that the embedded one keeps its data in. */
export function chosenBackend(env: NodeJS.ProcessEnv = process.env): Backend {
  if (backendName(env) === "embedded") return embeddedBackend(env.DATA ? resolve(env.DATA) : undefined);
  if (env.DATA) throw new Error("DATA is a file of the embedded control plane. Leave out DATA, or BACKEND=kcp.");
  return env.SECURITY === "1" ? securedBackend : kcpBackend;
}
