import type { Filter } from "../../shared/event.ts";
import type { AccountFunction } from "../../shared/function.ts";

/** What is deployed of a function: its code is elsewhere. */
export type Deployable = Pick<AccountFunction, "name" | "on" | "needs">;

/** Where the operator's kubeconfig is in a container, from a Secret of that name. */
const kubeconfig = { secret: "account-functions-kubeconfig", path: "/etc/account-functions" };
const product = "account-functions";

/** The func.yaml of one function (spec/functions-and-events.md, section 1); `created` is in RFC 3339. */
export function funcYaml({ name, on }: Deployable, created: string): object {
  return {
    ...common(name, created),
    invoke: "cloudevent",
    ...run,
    deploy: { ...deployment, subscriptions: subscriptionsOf(on) },
  };
}

/** The func.yaml at the root: all functions in one. */
export function rootFuncYaml(all: readonly Deployable[], created: string): object {
  const on = new Map(all.flatMap((fn) => fn.on).map((filter) => [JSON.stringify(filter), filter]));
  return funcYaml({ name: product, on: [...on.values()] }, created);
}

/** The func.yaml of a webhook: kcp posts reviews to it over TLS, and no broker anything (decisions.md 40). */
export function webhookFuncYaml(name: string, created: string): object {
  const { scale, resources } = deployment.options;
  const options = { scale: { ...scale, min: 1 }, resources };
  return { ...common(name, created), invoke: "http", ...run, deploy: { options } };
}

/** The package.json beside a func.yaml: `func deploy --path` sees that folder alone, so that there is nothing to install. */
export function packageJson(name: string, version: string): object {
  return {
    name: `@${product}/${name}`,
    version,
    private: true,
    type: "module",
    main: "dist/index.js",
    scripts: {
      build:
        "test -f dist/index.js || { echo 'npm run build at the root of account-functions makes dist/index.js'; exit 1; }",
      start: "node dist/index.js",
    },
  };
}

/** What the chart makes Knative Services and Triggers of. */
export function chartFunctions(all: readonly Deployable[]): object {
  return { functions: all.map(({ name, needs, on }) => ({ name, ...(needs && { needs }), on })) };
}

function common(name: string, created: string): object {
  return { specVersion: "0.36.0", name, runtime: "typescript", created };
}

/** One subscription for each filter: within one they are ANDed. */
const subscriptionsOf = (on: readonly Filter[]): readonly object[] =>
  on.map((filters) => ({ source: "default", filters }));

const run = {
  run: {
    volumes: [kubeconfig],
    envs: [{ name: "KUBECONFIG", value: `${kubeconfig.path}/kubeconfig` }],
  },
};
const deployment = {
  options: {
    scale: { min: 0, max: 10, metric: "concurrency", target: 10 },
    resources: {
      requests: { cpu: "20m", memory: "64Mi" },
      limits: { cpu: "1", memory: "256Mi", concurrency: 20 },
    },
  },
  healthEndpoints: { liveness: "/health/liveness", readiness: "/health/readiness" },
};
