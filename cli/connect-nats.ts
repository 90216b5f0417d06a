import { connect, type NatsConnection } from "@nats-io/transport-node";
import { messageOf } from "../shared/kcp/errors.ts";
import { UnreachableError } from "./errors.ts";

/** Throws UnreachableError. */
export async function connectNats(url: string, timeout: number): Promise<NatsConnection> {
  try {
    return await connect({ servers: url.split(","), timeout, maxReconnectAttempts: 5 });
  } catch (cause) {
    const next = "is NATS running?  check --nats-url or NATS_URL";
    throw new UnreachableError("NATS does not answer", { where: url, why: messageOf(cause), next, cause });
  }
}
