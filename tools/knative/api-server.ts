import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersOk } from "../answers-ok.ts";
import { obtain } from "../obtain.ts";
import type { Place } from "../place.ts";
import { Server, type StartOptions } from "../server.ts";
import { obtainDebianPackages } from "./debian-packages.ts";

/** Who may ask the API server, each with a token of its own. */
const users = {
  admin: "system:masters",
  "system:kube-controller-manager": "",
  "system:kube-scheduler": "",
  "system:kube-proxy": "",
  "system:node:localhost": "system:nodes",
} as const;
export type User = keyof typeof users;

/** A Kubernetes API server with its etcd. */
export interface ApiServer {
  readonly address: string;
  readonly port: number;
  /** Its certificate with that of its authority. */
  readonly caFile: string;
  readonly serviceAccountKeyFile: string;
  readonly servers: readonly Server[];
  /** Writes a kubeconfig for a user that reaches it at `server`, its own address unless given. */
  writeKubeconfig(file: string, user: User, server?: string): Promise<string>;
}
export interface ApiServerOptions extends StartOptions {
  readonly place: Place;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
  readonly flags?: readonly string[];
}

export async function startApiServerAt(options: ApiServerOptions): Promise<ApiServer> {
  const { folder, cleanup, place, ports } = options;
  const tokens = await writeTokens(join(folder, "tokens.csv"));
  const serviceAccountKeyFile = await writeServiceAccountKey(join(folder, "service-account.key"));
  const certificates = join(folder, "certificates");
  const caFile = join(certificates, "apiserver.crt");
  const etcd = await etcdServer(options);
  const files = { certificates, tokens: join(folder, "tokens.csv"), serviceAccountKeyFile };
  const api = new Server({
    name: "kube-apiserver",
    ...place.wrap(await obtain("kube-apiserver"), flagsOf(options, files)),
    folder,
    isReady: () => isReady(options, caFile, tokens.admin),
    readyLimitMs: 120_000,
  });
  // In this order they end in the other one: an API server without its etcd lingers.
  cleanup?.defer(() => etcd.stop());
  cleanup?.defer(() => api.stop());
  await etcd.start();
  await api.start();
  return {
    address: place.address,
    port: ports.api,
    caFile,
    serviceAccountKeyFile,
    servers: [etcd, api],
    writeKubeconfig: async (file, user, server = `https://${place.address}:${ports.api}`) => {
      const ca = await readFile(caFile);
      const content = { user, server, ca, token: tokens[user] };
      await writeFile(file, JSON.stringify(kubeconfig(content), undefined, 2), { mode: 0o600 });
      return file;
    },
  };
}

interface ApiFiles {
  readonly certificates: string;
  readonly tokens: string;
  readonly serviceAccountKeyFile: string;
}

function flagsOf({ place, ports, flags = [] }: ApiServerOptions, files: ApiFiles): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${place.address}`,
    `--advertise-address=${place.address}`,
    `--secure-port=${ports.api}`,
    `--cert-dir=${files.certificates}`,
    `--token-auth-file=${files.tokens}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${files.serviceAccountKeyFile}`,
    `--service-account-signing-key-file=${files.serviceAccountKeyFile}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--allow-privileged=true",
    ...flags,
  ];
}

async function etcdServer({ folder, place, ports }: ApiServerOptions): Promise<Server> {
  const { program, env } = await obtainDebianPackages();
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  const args = [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--log-level=warn",
    "--logger=zap",
  ];
  const command = place.wrap(program("etcd"), args);
  const isReady = () => answersOk(place, { port: ports.etcd, path: "/health" });
  return new Server({ name: "etcd", ...command, env, folder, isReady, readyLimitMs: 30_000 });
}

async function writeTokens(file: string): Promise<Readonly<Record<User, string>>> {
  const token = () => randomBytes(24).toString("base64url");
  const tokens = Object.fromEntries(Object.keys(users).map((user) => [user, token()])) as Record<User, string>;
  const lines = Object.entries(users).map(([user, group]) => `${tokens[user as User]},${user},${user},"${group}"\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
  return tokens;
}

async function writeServiceAccountKey(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(file, privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  return file;
}

interface Credentials {
  readonly user: string;
  readonly server: string;
  readonly ca: Buffer;
  readonly token: string;
}

function kubeconfig({ user, server, ca, token }: Credentials) {
  // Its certificate names it so, whatever address it is reached at.
  const cluster = { server, "tls-server-name": "kubernetes", "certificate-authority-data": ca.toString("base64") };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "cluster", cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "cluster", context: { cluster: "cluster", user } }],
    "current-context": "cluster",
  };
}

/** Its certificate is there before it is ready. */
async function isReady({ place, ports }: ApiServerOptions, caFile: string, token: string): Promise<boolean> {
  const ca = await readFile(caFile).catch(() => undefined);
  const headers = { authorization: `Bearer ${token}` };
  return ca ? answersOk(place, { host: place.address, port: ports.api, path: "/readyz", headers, ca }) : false;
}
