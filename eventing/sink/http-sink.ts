import type { CloudEvent } from "../../shared/event.ts";
import { httpContent, type Mode } from "../../shared/http-event.ts";
import { type Checkpoint, type EventSink, EventTooLargeError } from "../bus/bus.ts";
import type { HttpClient } from "../http-client.ts";

export interface HttpSinkOptions {
  /** Ingress of a Broker, or whatever else takes events: `K_SINK`. */
  readonly url: string;
  readonly mode: Mode;
  /** Extensions that every event gets: those of `K_CE_OVERRIDES`. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly client: HttpClient;
  readonly checkpoint: Checkpoint;
  /** Of one request, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the servers of the functions read. */
const maxBytes = 4 * 1024 * 1024;
const maxSaid = 200;

/** Posts events. An answer of 2xx means that the receiver has stored the event; anything else does not, whatever it is. */
export function createHttpSink(options: HttpSinkOptions): EventSink {
  const { client, url, mode, extensions, timeoutMs } = options;
  let isReached = true;
  const send = async (event: CloudEvent, signal: AbortSignal | undefined) => {
    const content = httpContent({ ...event, ...extensions }, mode);
    if (content.body.byteLength > maxBytes) throw new EventTooLargeError(event.id, content.body.byteLength, maxBytes);
    const { status, body } = await client.post({ ...content, url, timeoutMs, ...(signal && { signal }) });
    if (status >= 200 && status < 300) return;
    if (status === 413) throw new EventTooLargeError(event.id, content.body.byteLength, maxBytes);
    const said = new TextDecoder().decode(body.subarray(0, maxSaid)).trim();
    throw new Error(`${url} answers ${status} to ${event.id}${said && `: ${said}`}`);
  };
  return {
    get connected() {
      return isReached;
    },
    async publish(event, signal) {
      try {
        await send(event, signal);
        isReached = true;
      } catch (error) {
        if (!signal?.aborted && !(error instanceof EventTooLargeError)) isReached = false;
        throw error;
      }
    },
    checkpoint: async () => options.checkpoint,
    close: async () => client.close(),
  };
}
