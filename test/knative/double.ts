import type { Clock } from "../../eventing/clock.ts";
import { createHttpClient } from "../../eventing/http-client.ts";
import type { Address } from "../../eventing/run-config.ts";
import { serveIngress } from "./ingress.ts";
import { createMtTransport } from "./mt-transport.ts";
import { createNatsTransport } from "./nats-transport.ts";
import type { BrokerKind } from "./objects.ts";
import type { SubscriberOptions } from "./subscriber.ts";
import type { Told, Transport } from "./transport.ts";

export interface DoubleOptions {
  readonly kind: BrokerKind;
  readonly address?: Address;
  /** With kind nats. */
  readonly natsUrl?: string;
  /** Where a host is reached that cannot be looked up by its name from here. */
  readonly reach?: SubscriberOptions["reach"];
  /** Where kind mt keeps what it has accepted over a restart. */
  readonly folder?: string;
  readonly clock?: Clock;
  /** The most that a produce request may have, in bytes. */
  readonly maxBytes?: number;
  readonly told?: Told;
}

/** Brokers and Triggers as the published specification of Knative Eventing has them. */
export interface BrokerDouble extends Transport, AsyncDisposable {
  /** Without a slash at its end; the ingress of a Broker is `<url>/<namespace>/<name>`. */
  readonly url: string;
}

const local = { host: "127.0.0.1", port: 0 };
const eightMebibytes = 8 * 1024 * 1024;

export async function startDouble(options: DoubleOptions): Promise<BrokerDouble> {
  const { kind, address = local, natsUrl, maxBytes = eightMebibytes, reach, ...others } = options;
  const rest = { ...others, ...(reach && { reach }) };
  const client = createHttpClient({ maxSockets: 100 });
  if (kind === "nats" && natsUrl === undefined) throw new Error("a NATS broker needs the URL of NATS");
  const transport =
    kind === "nats"
      ? await createNatsTransport({ ...rest, client, url: natsUrl ?? "" })
      : await createMtTransport({ ...rest, client });
  const ingress = await serveIngress({ kind, address, maxBytes, accept: transport.accept });
  const close = async () => {
    await ingress.close();
    await transport.close();
    client.close();
  };
  const url = `http://${address.host ?? "127.0.0.1"}:${ingress.port}`;
  return { ...transport, url, close, [Symbol.asyncDispose]: close };
}
