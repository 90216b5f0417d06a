import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load } from "js-yaml";
import { z } from "zod";
import { root } from "../../tools/paths.ts";
import { backend } from "../backend.ts";
import { startEmbedded, startKcp, type TestKcp } from "../servers.ts";
import { Api } from "./api.ts";

/** A server after `pm bootstrap`, and the tokens of those who use it. */
export interface Backend extends Pick<TestKcp, "url" | "adminKubeconfig" | "certificate" | "stop"> {
  readonly admin: string;
  readonly alice: string;
  readonly bob: string;
  /** Asks as administrator. */
  readonly api: Api;
}

const run = promisify(execFile);

/** Starts the running project's kind of server. */
export async function startBackend(): Promise<Backend> {
  const started = backend() === "embedded" ? await startEmbedded({ latencyMs: 0 }) : await startKcp();
  const { url, adminKubeconfig, operatorTokenFile, tokens, certificate } = started;
  await bootstrap({ adminKubeconfig, operatorTokenFile });
  const { clusters, users } = kubeconfig.parse(load(await readFile(adminKubeconfig, "utf8")));
  const admin = users.find(({ name }) => name === "kcp-admin")?.user.token ?? "";
  const ca = Buffer.from(clusters[0]?.cluster["certificate-authority-data"] ?? "", "base64").toString();
  const { alice, bob } = tokens;
  const api = new Api({ url, ca, token: admin });
  return { url, adminKubeconfig, certificate, admin, alice, bob, api, stop: () => started.stop() };
}

async function bootstrap({
  adminKubeconfig,
  operatorTokenFile,
}: Pick<TestKcp, "adminKubeconfig" | "operatorTokenFile">): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  await run(join(root, "bin", "pm"), [
    "bootstrap",
    `--kubeconfig=${adminKubeconfig}`,
    `--operator-token-file=${operatorTokenFile}`,
    `--operator-kubeconfig=${join(folder, "operator")}`,
    // The cases write Accounts that a mesh would not have.
    "--admission=none",
  ]);
  await rm(folder, { recursive: true });
}

const kubeconfig = z.object({
  clusters: z.array(z.object({ cluster: z.object({ "certificate-authority-data": z.string() }) })),
  users: z.array(z.object({ name: z.string(), user: z.object({ token: z.string() }) })),
});
