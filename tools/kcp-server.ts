import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { type Place, thisMachine } from "./knative/place.ts";
import { obtain } from "./obtain.ts";
import { root } from "./paths.ts";
import { withFreePorts } from "./ports.ts";
import { Server, type StartOptions } from "./server.ts";
import { type Tokens, writeUsers } from "./users.ts";

/** Something that runs and speaks kcp's API: a kcp, or the embedded control plane. */
export interface Kcp {
  /** Base URL, without `/clusters/…`. */
  readonly url: string;
  readonly adminKubeconfig: string;
  readonly tokens: Tokens;
  readonly operatorTokenFile: string;
}
export interface KcpServer extends Kcp {
  readonly server: Server;
}

/** A kcp for `pm bootstrap --security=on` (decisions 31, 32): every workspace may have issuers of its own, and what RBAC does
 *  not allow is asked of a webhook. */
export interface SecurityOptions {
  /** Kubeconfig of the webhook. It must exist when kcp starts; the server that it names may come later. */
  readonly authorizationWebhookConfig?: string | undefined;
}
export interface KcpOptions extends StartOptions {
  readonly security?: SecurityOptions | undefined;
  /** This machine unless given. */
  readonly place?: Place;
}

export async function startKcpServer({
  folder,
  cleanup,
  security,
  place = thisMachine,
}: KcpOptions): Promise<KcpServer> {
  const command = await obtain("kcp");
  const data = join(folder, "kcp");
  const adminKubeconfig = join(data, "admin.kubeconfig");
  const { tokenFile, ...users } = await writeUsers(folder);
  return withFreePorts(3, async ([port = 0, etcdClient = 0, etcdPeer = 0]) => {
    const url = `https://${place.address}:${port}`;
    const args = [
      "start",
      `--root-directory=${data}`,
      `--bind-address=${place.address}`,
      `--shard-base-url=${url}`,
      `--shard-external-url=${url}`,
      `--secure-port=${port}`,
      `--embedded-etcd-client-port=${etcdClient}`,
      `--embedded-etcd-peer-port=${etcdPeer}`,
      "--batteries-included=admin,workspace-types",
      `--token-auth-file=${tokenFile}`,
      ...(security ? securityArgs(security) : []),
    ];
    const isReady = () => answersReadyz(place, port, adminKubeconfig);
    const wrapped = place.wrap(command, args);
    const server = new Server({ name: "kcp", ...wrapped, folder, isReady, readyLimitMs: 180_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url, adminKubeconfig, ...users, server };
  });
}

/** The order of the authorizers stays kcp's own. Answers are kept for 2 s, not for 5 minutes, so that who lost a role is out
 *  within seconds. */
function securityArgs({ authorizationWebhookConfig }: SecurityOptions): readonly string[] {
  return [
    "--feature-gates=WorkspaceAuthentication=true",
    ...(authorizationWebhookConfig
      ? [
          `--authorization-webhook-config-file=${authorizationWebhookConfig}`,
          "--authorization-webhook-cache-authorized-ttl=2s",
          "--authorization-webhook-cache-unauthorized-ttl=2s",
          "--authorization-webhook-version=v1",
        ]
      : []),
  ];
}

interface EmbeddedOptions extends StartOptions {
  /** File that the data come from and go to; none are kept without. */
  readonly data?: string | undefined;
}

export async function startEmbeddedServer({ folder, cleanup, data }: EmbeddedOptions): Promise<KcpServer> {
  const adminKubeconfig = join(folder, "admin.kubeconfig");
  const { tokenFile, ...users } = await writeUsers(folder);
  return withFreePorts(1, async ([port = 0]) => {
    const args = [
      "embedded",
      `--port=${port}`,
      `--token-auth-file=${tokenFile}`,
      `--write-kubeconfig=${adminKubeconfig}`,
      ...(data ? [`--data=${data}`] : []),
    ];
    const isReady = () => answersReadyz(thisMachine, port, adminKubeconfig);
    const command = join(root, "bin", "pm");
    const server = new Server({ name: "embedded", command, args, folder, isReady, readyLimitMs: 30_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url: `https://127.0.0.1:${port}`, adminKubeconfig, ...users, server };
  });
}

/** Trusts the CA of the kubeconfig, which is there before the server is ready. */
async function answersReadyz(place: Place, port: number, kubeconfig: string): Promise<boolean> {
  const text = await readFile(kubeconfig, "utf8").catch(() => "");
  const [, ca] = /certificate-authority-data: (\S+)/.exec(text) ?? [];
  if (!ca) return false;
  const host = place.address;
  const createConnection = () => connect({ host, ca: Buffer.from(ca, "base64"), socket: place.connect(host, port) });
  return new Promise((resolve) => {
    const request = get({ host, path: "/readyz", timeout: 5000, createConnection }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}
