import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Clock } from "../clock.ts";
import { type Child, describeExit, type Exit, type Launch, type LaunchHost, StartError } from "./child.ts";
import { lastWords, passLog } from "./child-log.ts";
import { type ChildMessage, childMessage, childVariable } from "./messages.ts";
import { isAlive, untilReady } from "./readiness.ts";

/** How the process of a function is started. */
export interface Program {
  readonly file: string;
  argsFor(functionName: string): readonly string[];
  readonly env: Readonly<Record<string, string>>;
}
export interface LaunchOptions {
  readonly program: Program;
  /** Takes what the process tells besides its port. */
  readonly onMessage: (message: ChildMessage) => void;
  /** Until it is ready, in milliseconds. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/** Starts real processes. Each has a channel to this one and ends when that closes, or by the kernel's hand. */
export function launcher(options: LaunchOptions): Launch {
  const leash = findLeash();
  return async (name, host) => {
    const { limitMs, clock } = options;
    const limit = new AbortController();
    const cancel = clock.after(limitMs, () => limit.abort(new Error("not ready in time")));
    const started = start(name, host, { ...options, leash });
    let lacking = "it takes no events yet";
    const onLack = (problem: string) => {
      lacking = problem;
    };
    try {
      const url = await usableUrl(started, AbortSignal.any([host.signal, limit.signal]), onLack);
      return childOf(started, url);
    } catch (error) {
      started.process.kill("SIGKILL");
      const { lastWords } = await started.ended;
      host.signal.throwIfAborted();
      if (!limit.signal.aborted) throw error;
      const why = `not ready within ${limitMs / 1000} s: ${lacking}`;
      throw new StartError(why, { code: null, signal: null, lastWords }, error);
    } finally {
      cancel();
    }
  };
}

interface Leashed extends LaunchOptions {
  /** Begins the command line of a process. */
  readonly leash: readonly string[];
}
interface Started {
  readonly process: ChildProcess;
  readonly port: Promise<number>;
  readonly ended: Promise<Exit>;
}

function start(name: string, { log }: LaunchHost, { program, onMessage, leash }: Leashed): Started {
  const [file = "", ...args] = [...leash, program.file, ...program.argsFor(name)];
  const child = spawn(file, args, {
    env: { ...program.env, [childVariable]: name },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Ctrl-C in the terminal reaches this process alone, which decides the order of ending.
    detached: true,
  });
  const port = Promise.withResolvers<number>();
  child.on("message", (received) => {
    const message = childMessage(received);
    if (message?.is === "listening") port.resolve(message.port);
    else if (message) onMessage(message);
  });
  if (child.stdout) passLog(child.stdout, log);
  const words = child.stderr ? lastWords(child.stderr, log) : () => [];
  return { process: child, port: port.promise, ended: endOf(child, words) };
}

/** What is in an endless loop does not see its channel close: where the machine has the program for it, the kernel kills a
 *  process with the one that started it. */
const findLeash = (): readonly string[] => {
  const folders = process.platform === "linux" ? (process.env.PATH ?? "").split(delimiter) : [];
  const found = folders.map((folder) => join(folder, "setpriv")).find((file) => existsSync(file));
  return found ? [found, "--pdeathsig=KILL"] : [];
};

/** Resolves with all that it told on the way. */
async function endOf(child: ChildProcess, words: () => readonly string[]): Promise<Exit> {
  const closed = Promise.withResolvers<Exit>();
  child.on("close", (code, signal) => closed.resolve({ code, signal, lastWords: words() }));
  // What never began has no other end.
  child.on("error", ({ message }) => {
    if (child.pid === undefined) closed.resolve({ code: null, signal: null, lastWords: [message] });
  });
  const untold = Promise.withResolvers<void>();
  if (child.connected) child.on("disconnect", untold.resolve);
  else untold.resolve();
  const exit = await closed.promise;
  await untold.promise;
  return exit;
}

/** Where it takes events, once it does. Rejects with StartError when it ends before, and when the signal is aborted. */
async function usableUrl(
  { port, ended }: Started,
  signal: AbortSignal,
  onLack: (problem: string) => void,
): Promise<string> {
  const { promise: broken, reject } = Promise.withResolvers<never>();
  void ended.then((exit) => reject(new StartError([describeExit(exit), ...exit.lastWords.slice(-3)].join(": "), exit)));
  const onAbort = () => reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort);
  try {
    const url = `http://127.0.0.1:${await Promise.race([port, broken])}/`;
    await Promise.race([untilReady(url, signal, onLack), broken]);
    return url;
  } finally {
    signal.removeEventListener("abort", onAbort);
    // It ends one day, with nobody here who waits for that.
    broken.catch(() => undefined);
  }
}

function childOf({ process: child, ended }: Started, url: string): Child {
  return {
    pid: child.pid ?? 0,
    url,
    ended,
    isAlive: () => isAlive(url),
    kill: (signal) => void child.kill(signal),
  };
}
