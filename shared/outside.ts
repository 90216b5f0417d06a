import type { Fga } from "./fga/fga.ts";
import type { ApiResource } from "./fga/resource-module.ts";
import type { IdentityProvider } from "./identity/identity.ts";
import type { Call } from "./kcp/client.ts";

/** Which hold of ours on a workspace: the one before it becomes ready, or the one before it goes. */
export type Marker = "initializer" | "terminator";

/** What of kcp is asked for beyond the watched kinds. Arguments and answers are plain JSON. */
export interface Clusters {
  /** All API resources that a workspace serves, subresources left out. */
  discover(args: { readonly cluster: string }, call?: Call): Promise<readonly ApiResource[]>;
  /** Decoded data of a Secret in namespace `default`; `undefined` when there is none. */
  readSecret(
    args: { readonly cluster: string; readonly name: string },
    call?: Call,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /** Spec of a WorkspaceAuthenticationConfiguration; `undefined` when there is none. */
  readAuthentication(
    args: { readonly cluster: string; readonly name: string },
    call?: Call,
  ): Promise<object | undefined>;
  /** Takes our marker off the workspace's LogicalCluster; none, or no such workspace, is no error. */
  releaseMarker(args: { readonly cluster: string; readonly marker: Marker }, call?: Call): Promise<void>;
}

/** Everything outside of the watched objects that functions reach, each behind an interface that can be recorded. */
export interface Outside {
  readonly clusters: Clusters;
  readonly fga?: Fga;
  readonly identity?: IdentityProvider;
}
export type Service = keyof Outside;

/** One call to the outside by its names. */
export type Ask = (service: Service, method: string, args: unknown, call?: Call) => Promise<unknown>;

/** An Outside whose every call goes through `ask`; a service that `present` lacks stays absent. */
export function outsideThrough(present: ReadonlySet<Service>, ask: Ask): Outside {
  const service = <T extends object>(name: Service): T =>
    new Proxy({} as T, {
      get: (_, method) => (args: unknown, call?: Call) => ask(name, String(method), args, call),
    });
  return {
    clusters: service("clusters"),
    ...(present.has("fga") && { fga: service<Fga>("fga") }),
    ...(present.has("identity") && { identity: service<IdentityProvider>("identity") }),
  };
}

/** Makes the call that `ask` was given. */
export function callOf(outside: Outside): Ask {
  return (service, method, args, call) => {
    const methods = outside[service] as unknown as Readonly<
      Record<string, (args: unknown, call?: Call) => Promise<unknown>>
    >;
    const asked = methods[method];
    if (!asked) throw new TypeError(`there is no ${service}.${method}`);
    return asked.call(methods, args, call);
  };
}

export const servicesOf = (outside: Outside): ReadonlySet<Service> => new Set(Object.keys(outside) as Service[]);
