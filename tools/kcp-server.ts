import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { answersOk } from "./answers-ok.ts";
import { copyData, preparedData } from "./kcp-data.ts";
import { obtain } from "./obtain.ts";
import { root } from "./paths.ts";
import { type Place, thisMachine } from "./place.ts";
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
  /** Where it runs; this machine unless given. */
  readonly place?: Place | undefined;
}

/** A kcp with nothing in it but what it makes itself. */
export async function startKcpServer(options: KcpOptions): Promise<KcpServer> {
  const program = await obtain("kcp");
  await copyData(await preparedFor(program), dataOf(options));
  return launch(program, options);
}

/** What every kcp begins with; made first where it is not there yet. */
export async function preparedKcpData(): Promise<string> {
  return preparedFor(await obtain("kcp"));
}

const preparedFor = (program: string): Promise<string> =>
  preparedData(program, { firstStart: async (folder) => (await launch(program, { folder })).server });

const dataOf = ({ folder }: KcpOptions): string => join(folder, "kcp");

async function launch(program: string, options: KcpOptions): Promise<KcpServer> {
  const { folder, cleanup, security, place = thisMachine } = options;
  const data = dataOf(options);
  const adminKubeconfig = join(data, "admin.kubeconfig");
  const { tokenFile, ...users } = await writeUsers(folder);
  return withFreePorts(3, async ([port = 0, etcdClient = 0, etcdPeer = 0]) => {
    const args = [
      "start",
      `--root-directory=${data}`,
      ...addressArgs(place, port),
      `--secure-port=${port}`,
      `--embedded-etcd-client-port=${etcdClient}`,
      `--embedded-etcd-peer-port=${etcdPeer}`,
      // Not 64 MB at once, for few objects.
      `--embedded-etcd-wal-size-bytes=${8 << 20}`,
      "--batteries-included=admin,workspace-types",
      `--token-auth-file=${tokenFile}`,
      ...(security ? securityArgs(security) : []),
    ];
    const isReady = () => answersReadyz(place, port, adminKubeconfig);
    const command = place.wrap(program, args);
    const server = new Server({ name: "kcp", ...command, folder, isReady, readyLimitMs: 180_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url: `https://${place.address}:${port}`, adminKubeconfig, ...users, server };
  });
}

/** In a network of its own it may listen everywhere: its certificate then is for `localhost` as well, at which somebody
 *  from outside comes by a forwarded port. */
function addressArgs(place: Place, port: number): readonly string[] {
  if (place === thisMachine) return [`--bind-address=${place.address}`];
  const url = `https://${place.address}:${port}`;
  const urls = [`--shard-base-url=${url}`, `--shard-external-url=${url}`];
  return ["--bind-address=0.0.0.0", `--external-hostname=${place.address}`, ...urls];
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
  return answersOk(place, { host: place.address, port, path: "/readyz", ca: Buffer.from(ca, "base64") });
}
