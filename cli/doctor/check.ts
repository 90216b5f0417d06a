import type { View } from "./view.ts";

export type Level = "OK" | "WARN" | "FAIL" | "SKIP";
/** What one check found; whatever is not OK says what to do. */
export interface Verdict {
  readonly level: Level;
  readonly message: string;
  readonly fix?: string;
}
export interface Finding extends Verdict {
  readonly id: string;
}

/** One question to an installation. An error that it throws is a FAIL. */
export interface Check {
  /** Short and stable, for scripts and for `pm doctor ID`. */
  readonly id: string;
  /** Skipped where these are not there: a kcp administrator, an endpoint of the export's virtual workspace. */
  readonly needs?: "admin" | "endpoint";
  run(view: View): Promise<Verdict>;
}

export const ok = (message: string): Verdict => ({ level: "OK", message });
export const warn = (message: string, fix: string): Verdict => ({ level: "WARN", message, fix });
export const fail = (message: string, fix: string): Verdict => ({ level: "FAIL", message, fix });

/** At most five of many, for a message. */
export function few(names: readonly string[]): string {
  const rest = names.length - 5;
  return names.slice(0, 5).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

export const needsAdmin: Verdict = {
  level: "SKIP",
  message: "needs a kcp administrator",
  fix: "pm doctor --admin-kubeconfig <admin.kubeconfig of kcp>",
};
