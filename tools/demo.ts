/** `make demo`: the accounts of examples/, one of them deleted again, and an end by itself; with SECURITY=1 the story of who
 *  gets in and who does not. */
import { createExamples, pmAs } from "./examples.ts";
import { inForeground } from "./foreground.ts";
import { withProgress } from "./progress.ts";
import { tellStory } from "./story/story.ts";

const deleted = "root:orgs:acme:team-b:qa";

await inForeground("demo", {
  work: ({ security, ...stack }) => (security ? tellStory({ ...stack, security }) : showExamples(stack.kubeconfig)),
});

async function showExamples(kubeconfig: string): Promise<void> {
  const pm = pmAs(kubeconfig);
  await createExamples(kubeconfig);
  console.log(await pm("tree"));
  await withProgress(`deleting ${deleted}`, () => pm("account", "delete", deleted, "--yes"));
  console.log(await pm("tree"));
}
