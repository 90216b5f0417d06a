import { type DeliverySpec, defaultDelivery } from "../../eventing/knative/delivery.ts";
import { inOneService, ofItsOwn, triggersFor } from "../../eventing/knative/triggers.ts";
import { functions } from "../../functions/index.ts";
import { defineCommand } from "../command.ts";
import { exit, UsageError } from "../errors.ts";
import { destinationOf, manifestFlags } from "./flags.ts";
import { printManifests } from "./print.ts";

const where = "pm manifests triggers";

export default defineCommand({
  name: "manifests triggers",
  summary: "The Knative Triggers of all functions, made from what they want to receive",
  description: `Prints one Trigger for each filter of each function, for kubectl apply -f -. The chart makes the same ones.
Each function is expected as a Knative Service RELEASE-FUNCTION, or all in one (--service).`,
  options: {
    ...manifestFlags,
    service: { type: "string", description: "one Service for all functions, which takes events at /FUNCTION" },
    plain: { type: "boolean", description: "--service is a Service of Kubernetes itself, not of Knative Serving" },
    function: { type: "string[]", description: "only these functions" },
    security: { type: "string", default: "off", choices: ["off", "on"], description: "with the functions for it" },
    retry: { type: "number", default: defaultDelivery.retry, description: "deliveries after the first that failed" },
    "backoff-delay": {
      type: "string",
      default: defaultDelivery.backoffDelay,
      description: "first pause, doubled each time",
    },
    "delivery-timeout": { type: "string", default: defaultDelivery.timeout, description: "of one delivery" },
  },
  examples: [
    {
      run: "pm manifests triggers --dead-letter-sink v1:Service:dead-letters | kubectl apply -f -",
      does: "makes the Triggers of one Knative Service per function",
    },
    { run: "pm manifests triggers --service account-functions --plain", does: "for one Deployment with all functions" },
  ],
  async run({ options }, io) {
    const { namespace, release, broker, service, plain, output } = options;
    const chosen = choose(options.function, options.security === "on");
    const delivery = deliveryOf(options);
    const triggers = chosen.flatMap((fn) => {
      const subscriber = service ? inOneService({ name: service, plain }, fn.name) : ofItsOwn(release, fn.name);
      return triggersFor(fn, { release, namespace, broker, subscriber, delivery });
    });
    printManifests(io, output, triggers);
    return exit.ok;
  },
});

function choose(names: readonly string[], withSecurity: boolean) {
  const unknown = names.find((name) => !functions.some((fn) => fn.name === name));
  if (unknown !== undefined) {
    const next = `one of ${functions.map(({ name }) => name).join(", ")}`;
    throw new UsageError(`--function: there is no function ${unknown}`, { where, next });
  }
  if (names.length > 0) return functions.filter(({ name }) => names.includes(name));
  return functions.filter(({ needs }) => withSecurity || !needs);
}

interface DeliveryFlags {
  readonly retry: number;
  readonly "backoff-delay": string;
  readonly "delivery-timeout": string;
  readonly "dead-letter-sink": string | undefined;
}

function deliveryOf(flags: DeliveryFlags): DeliverySpec {
  const { retry, "backoff-delay": backoffDelay, "delivery-timeout": timeout, "dead-letter-sink": sink } = flags;
  for (const [flag, text] of [["backoff-delay", backoffDelay] as const, ["delivery-timeout", timeout] as const]) {
    if (!/^P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/.test(text)) {
      throw new UsageError(`--${flag}: "${text}" is no duration of ISO 8601`, { where, next: "as PT1S or PT1M30S" });
    }
  }
  return {
    ...{ retry, backoffDelay, timeout },
    ...(sink && { deadLetterSink: destinationOf(sink, "dead-letter-sink", where) }),
  };
}
