import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredImage } from "./built.ts";
import { configOf, unpack } from "./unpack.ts";

/** As much of a container as proves an image: its root filesystem read-only, its user, its environment, nothing else of
 *  this machine but the network, /proc and /dev. Works for root and, where user namespaces may be made, for anybody. */
export interface Container extends AsyncDisposable {
  /** On this machine; /run/shared inside, the only place that can be written to. */
  readonly shared: string;
  /** Runs the image's entrypoint with these arguments to its end. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** The same in the background; ended with the container at the latest. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Started;
  /** Node.js with a script of the test's own in the place of the entrypoint. */
  evaluate(script: string): Promise<Finished>;
}
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
export interface Started {
  readonly finished: Promise<Finished>;
  stop(): Promise<Finished>;
}

const mounts = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --rbind /proc "$1/proc" &&
mount --rbind /dev "$1/dev" && mount --bind "$2" "$1/run/shared" && root=$1 && shift 2 && exec /usr/bin/unshare`;

/** In a user namespace of their own others than root may mount; in one more they become the image's user. */
function isolation(uid: string, gid: string): { outer: readonly string[]; script: string } {
  if (process.getuid?.() === 0) {
    return { outer: ["--mount"], script: `${mounts} --setgid ${gid} --setuid ${uid} --root="$root" "$@"` };
  }
  const inner = `--user --map-user=${uid} --map-group=${gid}`;
  return { outer: ["--user", "--map-root-user", "--mount"], script: `${mounts} ${inner} --root="$root" "$@"` };
}

export async function startContainer(image: StoredImage): Promise<Container> {
  const { config } = configOf(image);
  const root = await unpack(image);
  const shared = await mkdtemp(join(tmpdir(), "shared-"));
  await chmod(shared, 0o777);
  const running = new Set<ChildProcess>();
  const [uid = "", gid = ""] = config.User.split(":");
  const { outer, script } = isolation(uid, gid);

  function begin(command: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const own = Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const args = [...outer, "sh", "-c", script, "sh", root.folder, shared, `--wd=${config.WorkingDir}`, ...command];
    const child = spawn("/usr/bin/unshare", args, { env: { ...own, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    const finished = finish(child).finally(() => running.delete(child));
    return {
      finished,
      stop() {
        child.kill("SIGTERM");
        return finished;
      },
    };
  }
  const [node = "", ...rest] = config.Entrypoint;
  return {
    shared,
    start: (args, env) => begin([node, ...rest, ...args], env),
    run: (args, env) => begin([node, ...rest, ...args], env).finished,
    evaluate: (code) => begin([node, "--input-type=module", "--eval", code]).finished,
    async [Symbol.asyncDispose]() {
      const ends = [...running].map((child) => once(child, "close"));
      for (const child of running) child.kill("SIGKILL");
      await Promise.all(ends);
      await rm(shared, { recursive: true, force: true });
      await root[Symbol.asyncDispose]();
    },
  };
}

async function finish(child: ChildProcess): Promise<Finished> {
  const written = { out: "", err: "" };
  child.stdout?.on("data", (chunk: Buffer) => (written.out += chunk));
  child.stderr?.on("data", (chunk: Buffer) => (written.err += chunk));
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, ...written };
}
