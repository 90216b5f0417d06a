import { z } from "zod";
import { classify } from "../../shared/kcp/errors.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { CliError } from "../errors.ts";
import type { Manifest, Values } from "./manifests.ts";
import { missing } from "./missing.ts";
import { readLive } from "./plan.ts";
import { type WaitOptions, waitUntil } from "./wait.ts";

export interface Kcp extends Values {
  /** As `v0.31.2`; empty for a build that does not know its version. */
  readonly version: string;
}

/** Waits for what kcp itself makes in root, and answers what the manifests need to know of it. Throws a CliError when
 *  this user may not set up kcp. */
export async function checkPreconditions(client: Client, wait: Omit<WaitOptions, "next">): Promise<Kcp> {
  const call = { signal: wait.io.signal };
  await client.request({ path: "/readyz", doing: "asking kcp whether it is ready" }, call);
  const hashes: Record<string, string> = {};
  for (const object of ofKcp) {
    await waitUntil(
      `${object.kind} ${object.metadata.name} of kcp in root`,
      async () => {
        const live = await readLive(client, "root", object, call).catch(refuseStrangers);
        if (!live) return "kcp has not made it yet";
        hashes[object.metadata.name] = statusOf(live).identityHash ?? "";
        return missing(live);
      },
      { ...wait, next: "is this kcp still starting?  its log says more" },
    );
  }
  return { version: await versionOf(client), tenancyIdentityHash: hashes[tenancy] ?? "" };
}

const tenancy = "tenancy.kcp.io";
const ofKcp: readonly Manifest[] = [
  { apiVersion: "apis.kcp.io/v1alpha2", kind: "APIExport", metadata: { name: tenancy } },
  { apiVersion: "apis.kcp.io/v1alpha2", kind: "APIExport", metadata: { name: "topology.kcp.io" } },
  { apiVersion: "tenancy.kcp.io/v1alpha1", kind: "WorkspaceType", metadata: { name: "universal" } },
];

const withStatus = z.looseObject({ status: z.looseObject({ identityHash: z.string().optional() }).default({}) });
const statusOf = (object: unknown) => withStatus.parse(object).status;

function refuseStrangers(cause: unknown): never {
  if (classify(cause) !== "forbidden") throw cause;
  throw new CliError("this user may not set up kcp", {
    why: cause instanceof Error ? cause.message : String(cause),
    next: "pm bootstrap --kubeconfig <the admin.kubeconfig of kcp>",
    cause,
  });
}

/** kcp's version, as far as the build says: `v1.35.1+kcp-v0.31.2` is v0.31.2. */
export async function versionOf(client: Client): Promise<string> {
  const { gitVersion } = await client.request<{ gitVersion?: string }>({ cluster: "root", path: "/version" });
  return /kcp-(v\d[\w.]*)/.exec(gitVersion ?? "")?.[1] ?? "";
}
