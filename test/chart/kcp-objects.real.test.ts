import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { kubectlFor } from "../../tools/knative/kubectl.ts";
import { BareKcp } from "../bare-kcp.ts";
import { template } from "./helm.ts";

const exports = { group: "apis.kcp.io", version: "v1alpha2", plural: "apiexports" };
const withHash = z.looseObject({ status: z.looseObject({ identityHash: z.string() }) });

let bare: BareKcp;
beforeAll(async () => {
  bare = await BareKcp.start();
});
afterAll(() => bare?.stop());

test("002-H81 kcp takes the chart of its objects, and bootstrap finds nothing to change in them", async () => {
  expect(await bare.bootstrap("--admission=none")).toMatchObject({ code: 0 });
  const found = await bare.admin.read(exports, { cluster: "root", name: "tenancy.kcp.io" });
  const { identityHash } = withHash.parse(found).status;
  const text = await template({ chart: "account-functions-crds", flags: [`--set=kcp.identityHash=${identityHash}`] });
  const kubectl = await kubectlFor(bare.kcp.adminKubeconfig);
  const { server } = await loadKubeconfig({ file: bare.kcp.adminKubeconfig, context: "root" });
  const workspace = `--server=${server}/clusters/root:platform-mesh-system`;
  const applied = await kubectl(
    ["apply", "--server-side", "--force-conflicts", workspace, "--context=root", "-f", "-"],
    text,
  );
  expect(applied.trim().split("\n")).toHaveLength(9);
  expect(await bare.bootstrap("--admission=none", "--upgrade", "--dry-run")).toMatchObject({
    out: "nothing to change\n",
  });
});
