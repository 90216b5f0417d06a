import type { Archive } from "../eventing/bus/archive.ts";
import { openSocketArchive } from "../eventing/bus/archive-client.ts";
import { brokerOf } from "../eventing/bus/broker-prefix.ts";
import { jetStreamArchive } from "../eventing/bus/jetstream-archive.ts";
import { JetStreamLink } from "../eventing/bus/jetstream-link.ts";
import { namesOf, subjectsOf } from "../eventing/bus/subjects.ts";
import type { Log } from "../shared/function.ts";
import { messageOf } from "../shared/kcp/errors.ts";
import type { busFlags } from "./bus-flags.ts";
import type { Values } from "./command.ts";
import { connectNats } from "./connect-nats.ts";
import { CliError, UnreachableError, UsageError } from "./errors.ts";
import { openFileArchive } from "./export/file-archive.ts";

export interface ArchiveFlags extends Values<typeof busFlags> {
  /** Of pm export. */
  readonly file?: string | undefined;
  /** Until the bus answers, in milliseconds. */
  readonly timeout: number;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What the bus keeps that the flags name; looks only, so that a wrong prefix makes nothing. Throws CliError. */
export async function openArchive(flags: ArchiveFlags): Promise<Archive> {
  const { "nats-url": url, "bus-socket": path, file } = flags;
  if (file) return openFileArchive(file);
  if (url && path) {
    throw new UsageError("two buses are named", {
      why: "both --nats-url (NATS_URL) and --bus-socket (PM_BUS_SOCKET) are given",
      next: "leave one of them out",
    });
  }
  if (path) return openSocket(path, flags.timeout);
  if (url) return openNats(url, flags["nats-prefix"], flags.timeout);
  throw new UsageError("no bus is named", {
    why: "events and recordings are kept by NATS, or by a pm run --bus=memory that has a socket",
    next: "--nats-url nats://127.0.0.1:4222, or --bus-socket PATH as given to pm run",
  });
}

/** Does something with an archive and closes it. */
export async function withArchive<T>(flags: ArchiveFlags, work: (archive: Archive) => Promise<T>): Promise<T> {
  const archive = await openArchive(flags);
  try {
    return await work(archive);
  } finally {
    await archive.close();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket",
  ECONNREFUSED: "the process that served it has ended",
  ENOTSOCK: "it is no socket",
  EACCES: "it belongs to another user",
};

async function openSocket(path: string, timeoutMs: number): Promise<Archive> {
  try {
    return await openSocketArchive({ path, timeoutMs });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = reasons[code] ?? messageOf(cause);
    const next = `is pm run --bus=memory --bus-socket ${path} running?`;
    throw new UnreachableError("the bus does not answer", { where: path, why, next, cause });
  }
}

async function openNats(url: string, prefix: string, timeout: number): Promise<Archive> {
  const connection = await connectNats(url, timeout);
  const subjects = subjectsOf(prefix);
  try {
    let eventStream = "";
    const link = await JetStreamLink.open(connection, silent, async (jsm) => {
      eventStream = await jsm.streams.find(subjects.events);
      return (await jsm.streams.info(eventStream)).created;
    });
    const { events, recordings } = namesOf(prefix);
    // A Broker's stream holds events alone.
    const stream = brokerOf(prefix) ? events : eventStream;
    const archive = jetStreamArchive({ link, subjects, stream, eventStream, recordings });
    return { ...archive, close: () => connection.close() };
  } catch (cause) {
    await connection.close();
    const next = `is pm run running with --nats-url ${url} --nats-prefix ${prefix}?`;
    throw new CliError(`NATS keeps no events below ${subjects.events}`, { where: url, next, cause });
  }
}
