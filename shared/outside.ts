import type { Fga } from "./fga/fga.ts";
import type { IdentityProvider } from "./identity/identity.ts";

/** The servers besides kcp that the functions ask. */
export interface Outside {
  readonly fga: Fga;
  readonly identity: IdentityProvider;
}
