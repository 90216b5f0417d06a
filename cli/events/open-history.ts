import { connect } from "@nats-io/transport-node";
import type { HistoryOptions, StoredEvent } from "../../eventing/bus/bus.ts";
import { JetStreamLink } from "../../eventing/bus/jetstream-link.ts";
import { readEvents } from "../../eventing/bus/jetstream-read.ts";
import { subjectsOf } from "../../eventing/bus/subjects.ts";
import type { Log } from "../../shared/function.ts";
import { CliError, UnreachableError } from "../errors.ts";

export interface History {
  read(options: HistoryOptions): AsyncIterable<StoredEvent>;
  close(): Promise<void>;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The events that NATS keeps; looks only, so that a wrong prefix makes nothing. Throws CliError. */
export async function openHistory(url: string, prefix: string, timeout: number): Promise<History> {
  const connection = await connect({ servers: url.split(","), timeout, maxReconnectAttempts: 5 }).catch(
    (cause: unknown) => {
      const next = "is NATS running?  check --nats-url or NATS_URL";
      throw new UnreachableError("NATS does not answer", { where: url, why: String(cause), next, cause });
    },
  );
  const subject = subjectsOf(prefix).events;
  try {
    let stream = "";
    const link = await JetStreamLink.open(connection, silent, async (jsm) => {
      stream = await jsm.streams.find(subject);
      return (await jsm.streams.info(stream)).created;
    });
    return { read: (options) => readEvents(link, { stream, subject }, options), close: () => connection.close() };
  } catch (cause) {
    await connection.close();
    const next = `is pm run running with --nats-url ${url} --nats-prefix ${prefix}?`;
    throw new CliError(`NATS keeps no events below ${subject}`, { where: url, next, cause });
  }
}
