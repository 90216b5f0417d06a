import { once } from "node:events";
import { join } from "node:path";
import { type Backend, chosenBackend } from "./backend.ts";
import { claimAny } from "./claim.ts";
import { orphaned } from "./orphaned.ts";
import { stateFolder } from "./paths.ts";
import { elapsed, say } from "./progress.ts";
import type { StartOptions } from "./server.ts";
import { type Stack, startStack } from "./stack.ts";

export interface ForegroundOptions {
  /** What is done once everything is up. */
  readonly work: (stack: Stack, backend: Backend) => Promise<void>;
  /** The one of the environment unless given. */
  readonly backend?: Backend;
  /** Exit code after Ctrl-C; 130 unless given. */
  readonly interruptedCode?: number;
}

/** Brings everything up in `.state/<name>`, does the work with it, and ends everything and this process: when work ends,
 *  when a server fails, or on Ctrl-C. Logs stay only after a failure. */
export async function inForeground(name: string, options: ForegroundOptions): Promise<never> {
  const { interruptedCode = 130, backend = chosen(), work } = options;
  return withState(name, interruptedCode, async (started) => {
    const start = performance.now();
    const stack = await startStack(backend, started);
    say(`  everything is up after ${elapsed(start)}`);
    await Promise.race([work(stack, backend), stack.failed.then((error) => Promise.reject(error))]);
  });
}

/** Does the work in the folder `.state/<name>`, then ends what it gave to the cleanup, and this process: when work ends,
 *  when it fails, or on Ctrl-C, with that exit code. Logs stay only after a failure. */
export async function withState(name: string, interruptedCode: number, work: Work): Promise<never> {
  const state = await claimAny(join(stateFolder, name));
  const cleanup = new AsyncDisposableStack();
  const interrupted = onInterrupt().then(() => interruptedCode);
  const code = await Promise.race([interrupted, doWork(work, { folder: state.folder, cleanup })]);
  const end = performance.now();
  await cleanup.disposeAsync();
  if (code !== 1) await state.release();
  say(`  everything is stopped, after ${elapsed(end)}`);
  // Builds and commands that are still under way end with this process.
  process.exit(code);
}

type Work = (started: Required<StartOptions>) => Promise<void>;

/** Never resolves by itself: for work that lasts until Ctrl-C. */
export const untilInterrupted = new Promise<never>(() => undefined);

function chosen(): Backend {
  try {
    return chosenBackend();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return process.exit(2);
  }
}

async function doWork(work: Work, started: Required<StartOptions>): Promise<number> {
  try {
    await work(started);
    return 0;
  } catch (error) {
    // Ctrl-C was first, and this is what it broke off.
    if (started.cleanup.disposed) return 1;
    say(error instanceof Error ? error.message : String(error));
    say(`Logs: ${started.folder}/*.log`);
    return 1;
  }
}

/** The first signal ends everything in order. At the second this process ends at once, and takes all along. */
async function onInterrupt(): Promise<void> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  await Promise.race([orphaned(), ...signals.map((signal) => once(process, signal))]);
  say("  stopping …");
  for (const signal of signals) process.on(signal, () => process.exit(130));
}
