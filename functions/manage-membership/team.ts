import type { CloudEvent } from "../../shared/event.ts";
import type { Ctx, OwnEvent } from "../../shared/function.ts";
import type { Membership, MembershipStatus } from "../../shared/kcp/objects.ts";
import type { World } from "../../shared/world.ts";
import { auditOf } from "./audit.ts";
import type { Claim } from "./claim.ts";
import type { InvitationDeps } from "./invitation.ts";
import type { Place, PlaceDeps } from "./place.ts";
import { nextStatus, type Told } from "./status.ts";

export interface Deps extends PlaceDeps, InvitationDeps {
  holdMembership(cluster: string, membership: Membership, isHeld: boolean): Promise<Membership>;
  writeMembershipStatus(cluster: string, membership: Membership, status: MembershipStatus): Promise<Membership>;
  noteCreatorRemoved(world: World, at: string): Promise<void>;
}

/** The Memberships of one account and what may be done about them, for one event. */
export class Team {
  readonly place: Place;
  readonly deps: Deps;
  readonly ctx: Ctx;
  readonly event: CloudEvent;

  constructor(place: Place, { deps, ctx, event }: Pick<Team, "deps" | "ctx" | "event">) {
    this.place = place;
    this.deps = deps;
    this.ctx = ctx;
    this.event = event;
  }

  get call(): { readonly signal: AbortSignal } {
    return { signal: this.ctx.signal };
  }

  /** Writes the status unless it is written already; answers the Membership as it is then. */
  async tell(claim: Claim, told: Told): Promise<Claim> {
    const { membership } = claim;
    const next = nextStatus(membership, told, this.ctx.now());
    if (!next) return claim;
    return { ...claim, membership: await this.deps.writeMembershipStatus(this.place.cluster, membership, next) };
  }

  /** Lets a deleted Membership go. */
  async release({ membership }: Claim): Promise<void> {
    await this.deps.holdMembership(this.place.cluster, membership, false);
  }

  /** Facts about the change that this event, or an earlier delivery of it, has brought; about a revocation as long as the
   *  Membership is there. */
  factsOf({ membership, subject, isRevoked }: Claim): readonly OwnEvent[] {
    const change = membership.status?.change;
    if (!change || (change.cause !== this.event.id && !isRevoked)) return [];
    return auditOf({ membership, subject, change }, this.place, this.deps.settings);
  }
}
