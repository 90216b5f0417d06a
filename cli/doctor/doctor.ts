import { classify, messageOf } from "../../shared/kcp/errors.ts";
import { canary } from "./canary.ts";
import { type Check, type Finding, needsAdmin, type Verdict } from "./check.ts";
import { checks } from "./checks.ts";
import { openView, type View, type ViewOptions } from "./view.ts";

export interface DoctorOptions extends ViewOptions {
  /** Also creates and deletes an organization. */
  readonly canary: boolean;
  /** Only these ids; all when empty. */
  readonly only: readonly string[];
}

/** Runs the checks one after the other. Throws when kcp does not answer. */
export async function runDoctor(options: DoctorOptions, io: View["io"]): Promise<readonly Finding[]> {
  const view = await openView(options, io);
  const findings: Finding[] = [];
  try {
    const wanted = [...checks, ...(options.canary ? [canary] : [])];
    for (const check of wanted.filter(({ id }) => options.only.length === 0 || options.only.includes(id))) {
      findings.push({ id: check.id, ...(await verdictOf(check, view)) });
    }
    return findings;
  } finally {
    view.close();
  }
}

async function verdictOf(check: Check, view: View): Promise<Verdict> {
  if (check.needs === "admin" && !view.admin) return needsAdmin;
  if (check.needs === "endpoint" && view.shards.length === 0) {
    return { level: "SKIP", message: "needs an endpoint of the export", fix: "mend ENDPOINT first" };
  }
  try {
    return await check.run(view);
  } catch (error) {
    view.io.signal.throwIfAborted();
    if (classify(error) === "unreachable") throw error;
    const fix = classify(error) === "forbidden" ? "pm bootstrap --upgrade restores the rights" : "see the log of kcp";
    return { level: "FAIL", message: messageOf(error), fix };
  }
}
