import { setTimeout as delay } from "node:timers/promises";
import { drop, type Log } from "../../shared/function.ts";
import type { Invoke } from "../../shared/invoke.ts";
import { classify, messageOf } from "../../shared/kcp/errors.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import type { Metrics } from "../../shared/metrics.ts";
import { activeFunctions } from "../active-functions.ts";
import type { RecordBounds, Records } from "../bus/archive.ts";
import { createDecide } from "../decide.ts";
import { exportBackend } from "../export-backend.ts";
import { createExportClient } from "../export-client.ts";
import type { Parent } from "../isolation/parent.ts";
import { BusUnreachableError, openBus } from "../open-bus.ts";
import { preflight } from "../preflight.ts";
import { countLost } from "../recording/recorder.ts";
import type { OpenSecurity } from "../security.ts";
import type { ServeConfig } from "./serve-config.ts";

export interface OpenOptions {
  readonly config: ServeConfig;
  readonly kubeconfig: Kubeconfig;
  /** Home of the APIExportEndpointSlice. */
  readonly workspace: string;
  /** Of the product. */
  readonly version: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly cleanup: AsyncDisposableStack;
  readonly openSecurity: OpenSecurity;
  /** Told of each account that a function has looked at. */
  readonly seen: (account: Account) => void;
  /** Keeps the recordings, if there is one. */
  readonly parent?: Pick<Parent, "records"> | undefined;
}

/** Between attempts to reach kcp, in milliseconds. */
const againMs = 1_000;

/** What runs the functions, once kcp was reached: tried for as long as it is away, since brokers bring their events again.
 *  Rejects on what no waiting mends, in words for people, and when the signal is aborted. */
export async function openDecide(options: OpenOptions, signal: AbortSignal): Promise<Invoke> {
  for (;;) {
    try {
      return await openOnce(options, signal);
    } catch (error) {
      const isAway = ["unreachable", "retry"].includes(classify(error)) || error instanceof BusUnreachableError;
      if (!isAway || signal.aborted) throw error;
      options.log.warn({ err: error }, `cannot work yet: ${messageOf(error)}`);
      await delay(againMs, undefined, { signal });
    }
  }
}

async function openOnce(options: OpenOptions, signal: AbortSignal): Promise<Invoke> {
  const { config, kubeconfig, workspace, version, log, metrics, openSecurity, seen } = options;
  await using cleanup = new AsyncDisposableStack();
  const timeoutMs = config.requestTimeout;
  const direct = createClient({ config: kubeconfig, timeoutMs });
  cleanup.defer(() => direct.close());
  const [security, records] = await Promise.all([
    openSecurity(config, direct, log),
    openRecords(options, cleanup),
    preflight(direct, workspace, config.source.endpointSlice, signal),
  ]);
  cleanup.defer(() => security?.fga?.close());
  const exported = createExportClient({
    config: kubeconfig,
    workspace,
    sliceName: config.source.endpointSlice,
    timeoutMs,
    onRequest: ({ code, method, host }) => metrics.process.requests.inc({ code, method, host }),
  });
  cleanup.defer(() => exported.close());
  const { invoke } = createDecide({
    ...{ config, kubeconfig, security, metrics, records, version },
    client: exported.client,
    backend: exportBackend,
    remembersReads: true,
    observed: ({ after }) => seen(after),
  });
  signal.throwIfAborted();
  options.cleanup.use(cleanup.move());
  return async (fn, event, ctx) => {
    if (activeFunctions([fn], { ...config, security }).length === 0)
      return drop(`it works only with ${fn.needs}, which is not on here`);
    await exported.refresh({ signal: ctx.signal });
    return invoke(fn, event, ctx);
  };
}

async function openRecords(options: OpenOptions, cleanup: AsyncDisposableStack): Promise<Records | undefined> {
  const { config, metrics, parent } = options;
  const records = config.recording && (parent?.records ?? (await natsRecords(options, config.recording, cleanup)));
  if (!records) return undefined;
  cleanup.defer(() => Promise.race([records.flush(), delay(flushMs, undefined, { ref: false })]));
  countLost(metrics, records);
  return records;
}

async function natsRecords(
  { config: { nats }, log, version }: OpenOptions,
  bounds: RecordBounds,
  cleanup: AsyncDisposableStack,
): Promise<Records | undefined> {
  if (!nats) return undefined;
  const bus = await openBus(nats, { log, version, cleanup });
  return bus.records(bounds);
}

/** What cannot be stored by then is not worth a wait, in milliseconds. */
const flushMs = 2_000;
