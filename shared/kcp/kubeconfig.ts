// Its parts and not the package: the whole of client-node costs 88 MB of memory at import, these cost 3 MB.
import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { dirname, join, resolve } from "node:path";
import type { Authenticator } from "@kubernetes/client-node/dist/auth.js";
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from "@kubernetes/client-node/dist/config_types.js";
import { ExecAuth } from "@kubernetes/client-node/dist/exec_auth.js";
import { FileAuth } from "@kubernetes/client-node/dist/file_auth.js";
import { load } from "js-yaml";
import { z } from "zod";

/** Where kcp is and who we are there. */
export interface Kubeconfig {
  /** Name of the context in use. */
  readonly context: string;
  /** URL of kcp without `/clusters/…` and without a slash at its end. */
  readonly server: string;
  /** Workspace that the context's server URL points to, by path or id, if it names one. */
  readonly workspace: string | undefined;
  /** Certificates of the server's authority as PEM, given as data or by file; empty when there are none (002-F58). */
  serverCa(): string;
  readonly tls: Tls;
  /** Headers that authenticate a request; asks an exec plugin or token file again when a token has expired. */
  headers(): Promise<Readonly<Record<string, string>>>;
}
/** Options for an https agent. */
export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}
/** Which kubeconfig: `file`, else the files of the variable KUBECONFIG, else `~/.kube/config`. */
export interface KubeconfigOptions {
  readonly file?: string;
  /** Instead of the current context. */
  readonly context?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Reads the kubeconfig with all files that it names; throws an error that names the file or the entry at fault. */
export async function loadKubeconfig(options: KubeconfigOptions = {}): Promise<Kubeconfig> {
  const files = filesOf(options);
  const parts = await Promise.all(files.map(parse));
  const name = options.context ?? parts.find((part) => part.current)?.current;
  const where = files.join(", ");
  const context = named(
    parts.flatMap((part) => part.contexts),
    "context",
    name,
    where,
  );
  const cluster = named(
    parts.flatMap((part) => part.clusters),
    "cluster",
    context.cluster,
    where,
  );
  const user = named(
    parts.flatMap((part) => part.users),
    "user",
    context.user,
    where,
  );
  return connect(context.name, cluster, user);
}

function filesOf({ file, env = process.env }: KubeconfigOptions): readonly string[] {
  if (file) return [file];
  const listed = (env.KUBECONFIG ?? "").split(":").filter(Boolean);
  return listed.length > 0 ? listed : [join(env.HOME ?? "/root", ".kube", "config")];
}

interface Part {
  readonly current: string | undefined;
  readonly contexts: readonly Context[];
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
}

// The parts are checked by client-node, which knows what each may hold.
const shape = z.looseObject({
  "current-context": z.string().optional(),
  contexts: z.array(z.unknown()).nullish(),
  clusters: z.array(z.unknown()).nullish(),
  users: z.array(z.unknown()).nullish(),
});

async function parse(file: string): Promise<Part> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`reading kubeconfig ${file}: no such file or not readable`, { cause });
  });
  try {
    const content = shape.parse(load(text) ?? {});
    // Files are named relative to the kubeconfig that names them.
    const absolute = (path: string | undefined) => (path ? { file: resolve(dirname(file), path) } : {});
    return {
      current: content["current-context"] || undefined,
      contexts: newContexts(content.contexts),
      clusters: newClusters(content.clusters).map((cluster) => {
        const { file: caFile } = absolute(cluster.caFile);
        return { ...cluster, ...(caFile && { caFile }) };
      }),
      users: newUsers(content.users).map((user) => {
        const { file: certFile } = absolute(user.certFile);
        const { file: keyFile } = absolute(user.keyFile);
        return { ...user, ...(certFile && { certFile }), ...(keyFile && { keyFile }) };
      }),
    };
  } catch (cause) {
    throw new Error(`parsing kubeconfig ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function named<T extends { readonly name: string }>(
  entries: readonly T[],
  what: string,
  name: string | undefined,
  where: string,
): T {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry) return entry;
  const known = entries.map((candidate) => candidate.name).join(", ") || "none";
  throw new Error(
    name
      ? `kubeconfig ${where} has no ${what} "${name}" (it has: ${known})`
      : `kubeconfig ${where} names no current context (it has: ${known})`,
  );
}

async function connect(context: string, cluster: Cluster, user: User): Promise<Kubeconfig> {
  const [ca, cert, key] = await Promise.all([
    pem(cluster.caData, cluster.caFile),
    pem(user.certData, user.certFile),
    pem(user.keyData, user.keyFile),
  ]);
  const authenticator = await authenticatorOf(user);
  const authenticate = async (): Promise<RequestOptions> => {
    const given: RequestOptions & { headers: Record<string, string> } = { headers: fixedHeaders(user) };
    await authenticator?.applyAuthentication(user, given);
    return given;
  };
  const first = await authenticate();
  const url = new URL(cluster.server);
  const [, prefix = "", workspace] = /^(.*?)\/clusters\/([^/]+)\/?$/.exec(url.pathname) ?? [];
  return {
    context,
    server: workspace ? url.origin + prefix : cluster.server,
    workspace,
    serverCa: () => ca ?? "",
    tls: {
      ...(ca && { ca }),
      ...pair(cert, key, first),
      ...(cluster.tlsServerName && { servername: cluster.tlsServerName }),
      ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
    },
    headers: async () => (await authenticate()).headers as Record<string, string>,
  };
}

/** The client certificate of the kubeconfig, else the one that an exec plugin gave. */
function pair(cert: string | undefined, key: string | undefined, given: RequestOptions): Pick<Tls, "cert" | "key"> {
  if (cert && key) return { cert, key };
  return typeof given.cert === "string" && typeof given.key === "string" ? { cert: given.cert, key: given.key } : {};
}

async function pem(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, "base64").toString("utf8");
  return file ? await readFile(file, "utf8") : undefined;
}

async function authenticatorOf(user: User): Promise<Authenticator | undefined> {
  const light = [new FileAuth(), new ExecAuth()].find((authenticator) => authenticator.isAuthProvider(user));
  if (light || !user.authProvider) return light;
  const { OpenIDConnectAuth } = await import("@kubernetes/client-node/dist/oidc_auth.js");
  return [new OpenIDConnectAuth()].find((authenticator) => authenticator.isAuthProvider(user));
}

function fixedHeaders(user: User): Record<string, string> {
  const basic = user.username && Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
  return {
    ...(basic && { authorization: `Basic ${basic}` }),
    ...(user.token && { authorization: `Bearer ${user.token}` }),
    ...(user.impersonateUser && { "impersonate-user": user.impersonateUser }),
  };
}
