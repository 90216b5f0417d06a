import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import { messageOf } from "../../shared/kcp/errors.ts";

interface Where {
  /** e.g. `nats://127.0.0.1:4222`. */
  readonly url: string | readonly string[];
  /** Credentials, TLS and the like. */
  readonly connection?: Omit<NodeConnectionOptions, "servers">;
}

/** A connection that comes back by itself, for ever. Rejects when nobody answers at first. */
export async function connectTo({ url, connection }: Where): Promise<NatsConnection> {
  const servers = typeof url === "string" ? url : [...url];
  try {
    return await connect({
      name: "account-functions",
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      // A connection that is dead but not closed is noticed after three of these.
      pingInterval: 10_000,
      ignoreAuthErrorAbort: true,
      // Of one attempt: a server that is going down again lets a handshake hang.
      timeout: 5_000,
      noAsyncTraces: true,
      ...connection,
      servers,
    });
  } catch (cause) {
    throw new Error(`connecting to NATS at ${servers}: ${messageOf(cause)}`, { cause });
  }
}
