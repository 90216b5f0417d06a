import { expect, test } from "vitest";
import { type ScriptedServer, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { createClusters } from "./clusters.ts";
import { createClient } from "./rest.ts";

const marker = "root:security";
const held = (initializers: readonly string[], resourceVersion: string) => ({
  kind: "LogicalCluster",
  metadata: { name: "cluster", resourceVersion },
  status: { initializers },
});

/** kcp whose own initializer goes between each of our first `races` reads and the write that follows it. */
async function racingKcp(races: number): Promise<ScriptedServer> {
  let patches = 0;
  const server: ScriptedServer = await scriptedServer(({ method, url }, response) => {
    if (url.pathname.endsWith("/workspacetypes/security")) {
      const virtualWorkspaces = [{ type: "initializing", url: `${server.url}/services/initializing` }];
      return sendJson(response, 200, { kind: "WorkspaceType", metadata: {}, status: { virtualWorkspaces } });
    }
    const isRaced = patches < races;
    if (method === "GET") {
      const present = isRaced ? ["root:universal", marker, "system:apibindings"] : [marker, "system:apibindings"];
      return sendJson(response, 200, held(present, String(patches)));
    }
    patches++;
    if (!isRaced) return sendJson(response, 200, held(["system:apibindings"], "9"));
    const message = `only removing the "${marker}" initializer is supported`;
    return sendJson(response, 422, { kind: "Status", code: 422, reason: "Invalid", message });
  });
  return server;
}

function clustersOf({ url }: ScriptedServer) {
  const config = { server: url, tls: {}, headers: async () => ({}) };
  const direct = createClient({ config });
  return createClusters({ direct, claimed: direct, open: (basesOf) => createClient({ config, basesOf }), marker });
}

test("lets a workspace go though kcp's own initializers go at the same moment", async () => {
  await using kcp = await racingKcp(2);
  await clustersOf(kcp).releaseMarker({ cluster: "one", marker: "initializer" });
  const patches = kcp.seen.filter(({ method }) => method === "PATCH").map(({ body }) => JSON.parse(body));
  expect(patches.map(({ metadata }) => metadata.resourceVersion)).toEqual(["0", "1", "2"]);
  expect(patches.at(-1).status).toEqual({ initializers: ["system:apibindings"] });
});

test("tells what kcp says when it never takes it", async () => {
  await using kcp = await racingKcp(Number.POSITIVE_INFINITY);
  const release = clustersOf(kcp).releaseMarker({ cluster: "one", marker: "initializer" });
  await expect(release).rejects.toThrow('only removing the "root:security" initializer is supported');
});
