import { z } from "zod";
import type { Call } from "../shared/kcp/client.ts";
import type { Client } from "../shared/kcp/rest.ts";

const review = z.object({
  status: z.object({ userInfo: z.object({ username: z.string(), groups: z.array(z.string()).default([]) }) }),
});

export interface Who {
  readonly username: string;
  readonly groups: readonly string[];
}

/** The user that kcp sees behind a client's credentials; a workspace may know users of its own. */
export async function whoAmI(client: Client, call?: Call, cluster = "root"): Promise<Who> {
  const answer = await client.request(
    {
      method: "POST",
      cluster,
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      doing: "asking kcp who we are",
    },
    call,
  );
  return review.parse(answer).status.userInfo;
}

/** Whether this user may do everything in kcp. */
export const isKcpAdmin = ({ groups }: Who): boolean =>
  groups.some((group) => group === "system:masters" || group === "system:kcp:admin");
