import type { IdentityConfig } from "./config.ts";
import { createExisting } from "./existing.ts";
import type { IdentityProvider } from "./identity.ts";
import { createKeycloak } from "./keycloak.ts";
import { createRegistration } from "./registration.ts";

/** The identity provider that is configured. Asks it nothing yet. */
export function createIdentityProvider(config: IdentityConfig): IdentityProvider {
  switch (config.kind) {
    case "keycloak":
      return createKeycloak(config);
    case "registration":
      return createRegistration(config);
    case "existing":
      return createExisting(config);
  }
}
