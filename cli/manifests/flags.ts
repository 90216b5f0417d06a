import type { Destination } from "../../eventing/knative/delivery.ts";
import type { Options } from "../command.ts";
import { UsageError } from "../errors.ts";

/** What all manifests for Knative are made with. */
export const manifestFlags = {
  namespace: { type: "string", short: "n", default: "account-functions", description: "namespace of the objects" },
  release: { type: "string", default: "account-functions", description: "first part of their names" },
  broker: { type: "string", default: "account-functions", description: "name of the Broker" },
  "dead-letter-sink": {
    type: "string",
    description: "takes what cannot be delivered: a URL, or APIVERSION:KIND:NAME as v1:Service:dead-letters",
  },
} as const satisfies Options;

/** A URL, or an object with an address. Throws UsageError. */
export function destinationOf(text: string, flag: string, where: string): Destination {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return { uri: text };
  const [apiVersion, kind, name, ...rest] = text.split(":");
  if (apiVersion && kind && name && rest.length === 0) return { ref: { apiVersion, kind, name } };
  throw new UsageError(`--${flag}: "${text}" is neither a URL nor APIVERSION:KIND:NAME`, {
    where,
    next: "as http://dead-letters.default.svc.cluster.local or v1:Service:dead-letters",
  });
}
