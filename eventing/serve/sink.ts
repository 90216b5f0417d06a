import type { CloudEvent } from "../../shared/event.ts";
import { httpContent } from "../../shared/http-event.ts";
import { post } from "./post.ts";

/** Takes events on, or throws: the broker that sent the cause then sends it again. */
export type Sink = (events: readonly CloudEvent[]) => Promise<void>;

/** Requests at once: one lineage may have a thousand accounts to tell. */
const width = 16;

/** The sink at a URL, as a Broker's ingress or a SinkBinding names one in K_SINK. */
export function createSink(url: string): Sink {
  return async (events) => {
    const left = events.values();
    const work = async () => {
      for (const event of left) await post(url, httpContent(event, "structured"), `posting ${event.type} to K_SINK`);
    };
    await Promise.all(Array.from({ length: Math.min(width, events.length) }, work));
  };
}
