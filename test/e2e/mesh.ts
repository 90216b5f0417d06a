import { execFile } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { claimAny } from "../../tools/claim.ts";
import { root, stateFolder } from "../../tools/paths.ts";
import { backend, startBackend } from "../backend.ts";
import { startNats, type TestKcp, type TestServer } from "../servers.ts";
import { memoryBus, natsBus, type TestBus } from "./buses.ts";
import { Gate } from "./gate.ts";
import { Person } from "./person.ts";
import { Product } from "./product.ts";

const run = promisify(execFile);

/** An installation: a kcp of the backend that `pm bootstrap` prepared, a bus, and `pm run` between them. */
export interface Mesh {
  readonly kcp: TestKcp;
  readonly bus: TestBus;
  /** Beside a real kcp; the embedded one has its bus in `pm run`. */
  readonly nats: TestServer | undefined;
  /** What the product's requests to kcp go through. */
  readonly gate: Gate;
  readonly product: Product;
  /** What the product works with. */
  readonly operatorKubeconfig: string;
  /** Acts as kcp admin. */
  readonly person: Person;
  /** May look into all workspaces at once. */
  readonly shardAdmin: Person;
  stop(): Promise<void>;
}

/** A real kcp takes 10 s and 500 MB to start, so that all cases share one. */
export async function startMesh(): Promise<Mesh> {
  const beside = backend() === "kcp" ? startNats() : undefined;
  const [kcp, nats, state] = await Promise.all([startBackend(), beside, claimAny(join(stateFolder, "test"))]);
  const { folder } = state;
  const bus = nats ? natsBus(nats) : memoryBus(join(folder, "bus.sock"));
  const operator = join(folder, "operator.kubeconfig");
  await pm(
    "bootstrap",
    `--kubeconfig=${kcp.adminKubeconfig}`,
    `--operator-token-file=${kcp.operatorTokenFile}`,
    `--operator-kubeconfig=${operator}`,
    // What the functions refuse must reach them.
    "--admission=none",
  );
  const gate = await Gate.open(kcp);
  const gated = join(folder, "gated.kubeconfig");
  await writeFile(gated, (await readFile(operator, "utf8")).replaceAll(kcp.url, gate.url), { mode: 0o600 });
  const product = new Product({
    kubeconfig: gated,
    logFile: join(folder, "pm-run.log"),
    args: [
      ...bus.flags,
      "--webhooks-deny-list=forbidden-name",
      "--webhooks-additional-account-types=partner",
      "--shutdown-timeout=10s",
    ],
  });
  const [person, shardAdmin] = await Promise.all([
    Person.withKubeconfig(kcp.adminKubeconfig, "base"),
    Person.withKubeconfig(kcp.adminKubeconfig, "shard-base"),
  ]);
  return {
    kcp,
    bus,
    nats,
    gate,
    product,
    operatorKubeconfig: gated,
    person,
    shardAdmin,
    async stop() {
      await product.stop();
      // For whoever looks for the cause of a failure.
      await copyFile(product.logFile, join(stateFolder, `e2e-${backend()}-pm-run.log`));
      await gate.close();
      await Promise.all([kcp.stop(), nats?.stop(), state.release()]);
    },
  };
}

/** What comes late has come by then, in milliseconds: the controllers of a real kcp take their time. */
export const settled = (): number => (backend() === "kcp" ? 5000 : 1500);

/** Runs the command line; answers what it prints. */
export async function pm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(root, "bin", "pm"), args);
  return stdout;
}
