import type { Kubectl } from "./kubectl.ts";

/** Bytes that each pod's containers have in use, by `<namespace>/<pod>`, as the node measured them within the last
 *  seconds. */
export async function podMemory(kubectl: Kubectl): Promise<ReadonlyMap<string, number>> {
  const text = await kubectl(["get", "--raw", "/api/v1/nodes/localhost/proxy/metrics/resource"]);
  const found = new Map<string, number>();
  const line = /^container_memory_working_set_bytes\{.*namespace="([^"]*)",pod="([^"]*)"\} (\S+)/gm;
  for (const [, namespace, pod, bytes] of text.matchAll(line)) {
    const key = `${namespace}/${pod}`;
    found.set(key, (found.get(key) ?? 0) + Number(bytes));
  }
  return found;
}
