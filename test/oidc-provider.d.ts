/** The part of oidc-provider that our tests use; the package brings no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  export interface Account {
    readonly accountId: string;
    claims(): Promise<Readonly<Record<string, unknown>> & { readonly sub: string }>;
  }
  export interface Configuration {
    readonly features: Readonly<Record<string, object>>;
    readonly claims?: Readonly<Record<string, readonly string[]>>;
    readonly findAccount?: (context: unknown, id: string) => Promise<Account>;
    readonly jwks?: { readonly keys: readonly object[] };
    readonly cookies?: { readonly keys: readonly string[] };
  }
  export default class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
}
