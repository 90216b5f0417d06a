import type { Security } from "../security-stack.ts";
import type { Stack } from "../stack.ts";
import { castOf } from "./cast.ts";
import { deleteOrg, explain } from "./end-story.ts";
import { addMember, removeMember } from "./member-story.ts";
import { comeFromElsewhere, createOrg, enterOrg } from "./org-story.ts";
import { Teller } from "./teller.ts";

/** Who gets in and who does not, from the first login to the end of the org. Throws Unexpected at the first thing that is
 *  not as it should be. */
export async function tellStory(stack: Stack & { readonly security: Security }): Promise<void> {
  const teller = new Teller();
  const cast = await castOf(stack);
  await createOrg(teller, cast);
  const alice = await enterOrg(teller, cast);
  const bob = await addMember(teller, cast, alice);
  await removeMember(teller, alice, bob);
  await comeFromElsewhere(teller, cast);
  await explain(teller, cast);
  await deleteOrg(teller, cast);
}
