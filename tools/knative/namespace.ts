import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Place } from "../place.ts";
import { runCommand } from "../run-command.ts";
import { Server, type ServerSpec, type StartOptions } from "../server.ts";
import { type Cgroups, makeCgroups } from "./cgroups.ts";

/** Address of the only machine in a namespace. */
export const nodeAddress = "10.199.0.2";
const gateway = "10.199.0.1";

export interface NamespaceOptions extends Required<StartOptions> {
  /** Whether pods are to run in it: with mounts, processes and control groups of its own as well. */
  readonly isNode: boolean;
}

/** A network of its own, in which servers have the ports that they like. All that runs in it ends with it. */
export class Namespace implements Place {
  readonly address = nodeAddress;
  readonly #pid: number;
  readonly #socket: string;
  readonly #cgroups: Cgroups | undefined;
  readonly #entries: readonly string[];

  private constructor(pid: number, socket: string, cgroups: Cgroups | undefined) {
    this.#pid = pid;
    this.#socket = socket;
    this.#cgroups = cgroups;
    this.#entries = cgroups ? ["-m", "-n", "-p", "-C"] : ["-n", "-p"];
  }

  static async start({ folder, cleanup, isNode }: NamespaceOptions): Promise<Namespace> {
    await checkMachine();
    const socket = await socketPath(folder, cleanup);
    const cgroups = isNode ? await makeCgroups(cleanup) : undefined;
    const own = isNode ? ["-m", "-n", "-p", "-C", "--propagation", "private"] : ["-m", "-n", "-p"];
    const script = join(import.meta.dirname, "namespace.sh");
    const forwarder = [process.execPath, join(import.meta.dirname, "forwarder.ts"), socket];
    const first = ["sh", script, folder, isNode ? "node" : "plain", nodeAddress, gateway, ...forwarder];
    const server = new Server({
      name: "namespace",
      ...joining(cgroups, ["unshare", ...own, "--fork", "--kill-child", "--mount-proc", "--", ...first]),
      folder,
      isReady: () => answers(socket),
      readyLimitMs: 30_000,
    });
    // It ignores SIGTERM, as the first process of a namespace may.
    cleanup.defer(() => server.kill());
    await server.start();
    const unshare = Number((await readFile(join(folder, "namespace.pid"), "utf8")).split(" ")[0]);
    const [pid] = (await readFile(`/proc/${unshare}/task/${unshare}/children`, "utf8")).trim().split(" ");
    return new Namespace(Number(pid), socket, cgroups);
  }

  wrap(command: string, args: readonly string[]): Pick<ServerSpec, "command" | "args"> {
    return joining(this.#cgroups, ["nsenter", "-t", `${this.#pid}`, ...this.#entries, "--", command, ...args]);
  }

  /** What a command begins with that somebody runs in it by hand. */
  get enterCommand(): string {
    return ["nsenter", "-t", this.#pid, ...this.#entries, "--"].join(" ");
  }

  /** Runs a command in it to its end, and answers what it printed. */
  exec(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = process.env): Promise<string> {
    const wrapped = this.wrap(command, args);
    return runCommand(wrapped.command, wrapped.args, { env });
  }

  connect(host: string, port: number): Socket {
    const socket = connect({ path: this.#socket, allowHalfOpen: true });
    socket.write(`${host}:${port}\n`);
    return socket;
  }

  /** Makes a server in it answer on a port of 127.0.0.1 outside, too; answers that port. */
  async forward(port: number, { cleanup, host = nodeAddress }: ForwardOptions): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (outside) => {
      const inside = this.connect(host, port);
      outside.pipe(inside).pipe(outside);
      outside.on("error", () => inside.destroy());
      inside.on("error", () => outside.destroy());
      outside.on("close", () => inside.destroy());
      inside.on("close", () => outside.destroy());
    });
    // Open connections do not keep this process: what they lead to is ended.
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    cleanup.defer(() => void server.close());
    return (server.address() as AddressInfo).port;
  }
}

export interface ForwardOptions {
  readonly cleanup: AsyncDisposableStack;
  /** The node itself unless given. */
  readonly host?: string;
}

/** A command that joins control groups before it starts. */
function joining(cgroups: Cgroups | undefined, command: readonly string[]): Pick<ServerSpec, "command" | "args"> {
  const script = 'for file in $1; do echo $$ >"$file"; done; shift; exec "$@"';
  return { command: "sh", args: ["-c", script, "sh", cgroups?.joinFiles.join(" ") ?? "", ...command] };
}

/** A socket's path may have 107 characters. */
async function socketPath(folder: string, cleanup: AsyncDisposableStack): Promise<string> {
  const near = join(folder, "forwarder");
  if (Buffer.byteLength(near) <= 107) return near;
  const far = await mkdtemp(join(tmpdir(), "namespace-"));
  cleanup.defer(() => rm(far, { recursive: true, force: true }));
  return join(far, "forwarder");
}

/** Whether the socket is listened on. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Rejects with what to do where no namespace can be made. */
export async function checkMachine(): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Error(
      "Network namespaces need Linux and the user root. Run it with sudo, or in a container that is privileged.",
    );
  for (const [program, from] of Object.entries({ unshare: "util-linux", nsenter: "util-linux", ip: "iproute2" })) {
    await runCommand("sh", ["-c", `command -v ${program}`]).catch((cause: unknown) => {
      throw new Error(`${program} is missing. Install it (Debian: apt-get install ${from}).`, { cause });
    });
  }
}
