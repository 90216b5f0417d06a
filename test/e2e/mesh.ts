import { execFile } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { claimAny } from "../../tools/claim.ts";
import { root, stateFolder } from "../../tools/paths.ts";
import { startKcp, startNats, type TestKcp, type TestServer } from "../servers.ts";
import { Gate } from "./gate.ts";
import { Person } from "./person.ts";
import { Product } from "./product.ts";

const run = promisify(execFile);

/** An installation on real servers: a kcp that `pm bootstrap` prepared, a NATS, and `pm run` between them. */
export interface Mesh {
  readonly kcp: TestKcp;
  readonly nats: TestServer;
  /** What the product's requests to kcp go through. */
  readonly gate: Gate;
  readonly product: Product;
  /** Acts as kcp admin. */
  readonly person: Person;
  /** May look into all workspaces at once. */
  readonly shardAdmin: Person;
  stop(): Promise<void>;
}

/** kcp needs 25 s to start, so that all cases share one. `direct` leaves the gate out of the product's way. */
export async function startMesh({ direct = false } = {}): Promise<Mesh> {
  const [kcp, nats, state] = await Promise.all([startKcp(), startNats(), claimAny(join(stateFolder, "test"))]);
  const { folder } = state;
  const operator = join(folder, "operator.kubeconfig");
  await pm(
    "bootstrap",
    `--kubeconfig=${kcp.adminKubeconfig}`,
    `--operator-token-file=${kcp.operatorTokenFile}`,
    `--operator-kubeconfig=${operator}`,
  );
  const gate = await Gate.open(kcp);
  const gated = join(folder, "gated.kubeconfig");
  await writeFile(gated, (await readFile(operator, "utf8")).replaceAll(kcp.url, gate.url), { mode: 0o600 });
  const product = new Product({
    kubeconfig: direct ? operator : gated,
    logFile: join(folder, "pm-run.log"),
    args: [
      `--nats-url=${nats.url}`,
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
    nats,
    gate,
    product,
    person,
    shardAdmin,
    async stop() {
      await product.stop();
      // For whoever looks for the cause of a failure.
      await copyFile(product.logFile, join(stateFolder, "e2e-pm-run.log"));
      await gate.close();
      await Promise.all([kcp.stop(), nats.stop(), state.release()]);
    },
  };
}

/** Runs the command line; answers what it prints. */
export async function pm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(root, "bin", "pm"), args);
  return stdout;
}
