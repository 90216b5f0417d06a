import type { Log } from "../shared/function.ts";
import { messageOf } from "../shared/kcp/errors.ts";
import type { EventSink } from "./bus/bus.ts";
import { checkpointIn } from "./bus/checkpoint.ts";
import type { DurableMap } from "./bus/durable-map.ts";
import { FileMap } from "./bus/file-map.ts";
import { createHttpClient } from "./http-client.ts";
import { BusUnreachableError } from "./open-bus.ts";
import { createHttpSink } from "./sink/http-sink.ts";
import type { SinkConfig, StateConfig } from "./source-config.ts";

/** What the source works with, once it may. */
export interface Outlet {
  readonly sink: EventSink;
  readonly timers: DurableMap;
}
/** The checkpoint and the timers. */
interface State {
  readonly checkpoint: DurableMap;
  readonly timers: DurableMap;
}

export interface OutletOptions {
  readonly sink: SinkConfig;
  readonly state: StateConfig;
  /** Of one request to a Broker, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Several instances may have it open at once. Of state in a folder only one may. */
export const isShared = ({ state }: Pick<OutletOptions, "state">): boolean => state.kind === "nats";

/** Opens where events go and where the source keeps what it must not forget. Throws BusUnreachableError, or says what is
 *  wrong with the folder or the stream. */
export async function openOutlet(options: OutletOptions, cleanup: AsyncDisposableStack): Promise<Outlet> {
  const { sink, state, log, timeoutMs } = options;
  if (sink.kind === "nats") {
    if (state.kind !== "nats") throw new Error("a bus on NATS keeps the state of the source there");
    const { openJetStreamSink } = await import("./sink/jetstream-sink.ts");
    const opened = await openJetStreamSink({ ...state, log }).catch(unreachable);
    cleanup.defer(() => opened.sink.close());
    return { sink: opened.sink, timers: opened.state.timers };
  }
  const opened = await openState(state, log, cleanup);
  const client = createHttpClient({ maxSockets: sink.parallel, ...(sink.ca && { ca: sink.ca }) });
  const http = createHttpSink({ ...sink, client, timeoutMs, checkpoint: checkpointIn(opened.checkpoint) });
  cleanup.defer(() => http.close());
  return { sink: http, timers: opened.timers };
}

async function openState(state: StateConfig, log: Log, cleanup: AsyncDisposableStack): Promise<State> {
  if (state.kind === "nats") {
    const { openJetStreamState } = await import("./sink/jetstream-sink.ts");
    return cleanup.adopt(await openJetStreamState({ ...state, log }).catch(unreachable), (opened) => opened.close());
  }
  const open = async (name: string) => cleanup.adopt(await FileMap.open(state.folder, name), (map) => map.close());
  return { checkpoint: await open("checkpoint"), timers: await open("timers") };
}

function unreachable(cause: unknown): never {
  throw new BusUnreachableError(messageOf(cause), { cause });
}
