import { jetstream } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import type { Archive } from "../../eventing/bus/archive.ts";
import { openSocketArchive } from "../../eventing/bus/archive-client.ts";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import { subjectsOf } from "../../eventing/bus/subjects.ts";
import { functions } from "../../functions/index.ts";
import { type CloudEvent, matches } from "../../shared/event.ts";

/** Subjects that `pm run` uses unless told otherwise. */
export const prefix = "account-functions";

/** The bus of an installation, as a test looks into it and meddles with it. */
export interface TestBus {
  /** Flags with which `pm run` uses it. */
  readonly flags: readonly string[];
  /** To be closed by the caller. */
  open(): Promise<Archive>;
  /** Puts events before all functions that want them, `publish` one by one. */
  publishing(work: (publish: (event: CloudEvent) => Promise<void>) => Promise<void>): Promise<void>;
}

/** Inside `pm run`, reached by its socket. It forgets all when that process ends. */
export function memoryBus(path: string): TestBus {
  const open = () => openSocketArchive({ path, timeoutMs: 10_000 });
  return {
    flags: ["--bus=memory", `--bus-socket=${path}`],
    open,
    async publishing(work) {
      const archive = await open();
      await work(async (event) => {
        const wanting = functions.filter(({ needs, on }) => !needs && on.some((filter) => matches(filter, event)));
        for (const { name } of wanting) await archive.redeliver(event, name);
      });
      await archive.close();
    },
  };
}

export function natsBus({ url }: { readonly url: string }): TestBus {
  const ignore = () => {};
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  return {
    flags: [`--nats-url=${url}`],
    open: () => createJetStreamBus({ url, prefix, log }),
    publishing: (work) =>
      publishingBytes(url, (publish) =>
        work((event) => publish(subjectsOf(prefix).event(event), JSON.stringify(event))),
      ),
  };
}

/** Sends anything at all to the subjects of a NATS bus. */
export async function publishingBytes(
  servers: string,
  work: (publish: (subject: string, body: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const nc = await connect({ servers });
  try {
    const js = jetstream(nc);
    await work(async (subject, body) => {
      const structured = headers();
      structured.set("content-type", "application/cloudevents+json");
      await js.publish(subject, body, { headers: structured });
    });
  } finally {
    await nc.close();
  }
}
