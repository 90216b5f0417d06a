/** `make demo`: the accounts of examples/, one of them deleted again, and an end by itself. */
import { createExamples, pmAs } from "./examples.ts";
import { inForeground } from "./foreground.ts";
import { withProgress } from "./progress.ts";

const deleted = "root:orgs:acme:team-b:qa";

await inForeground("demo", {
  async work({ kubeconfig }) {
    const pm = pmAs(kubeconfig);
    await createExamples(kubeconfig);
    console.log(await pm("tree"));
    await withProgress(`deleting ${deleted}`, () => pm("account", "delete", deleted, "--yes"));
    console.log(await pm("tree"));
  },
});
