import { createMemoryBus } from "../../eventing/bus/memory.ts";
import { type Handled, noMetrics } from "../../eventing/dispatch-metrics.ts";
import { createDispatcher } from "../../eventing/dispatcher.ts";
import { openSettingsOnly } from "../../eventing/security-settings.ts";
import { openDecide } from "../../eventing/serve/open-decide.ts";
import { functions } from "../../functions/index.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { httpContent, type Mode, readHttpEvent } from "../../shared/http-event.ts";
import type { Invoke } from "../../shared/invoke.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { systemWorkspace } from "../../shared/names.ts";
import { type Delivered, noHttp, type Runtime } from "./runtime.ts";
import { configOf } from "./serve-config.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const words = { dead: "failed" } as Readonly<Record<string, string>>;

/** The dispatcher of pm run, on a bus in memory. */
export const inProcess: Runtime = {
  name: "in process",
  isHttp: false,
  async start({ kubeconfig: file }) {
    const cleanup = new AsyncDisposableStack();
    const stopping = new AbortController();
    const invoke = await openDecide(
      {
        config: configOf([`--kubeconfig=${file}`]),
        kubeconfig: await loadKubeconfig({ file }),
        workspace: systemWorkspace,
        version: "test",
        log: silent,
        metrics: createMetrics(),
        openSecurity: openSettingsOnly,
        cleanup,
        seen: () => undefined,
      },
      stopping.signal,
    );
    return {
      deliver: (name, event, mode) => dispatch(name, travelled(event, mode), invoke),
      urlOf: noHttp,
      terminate: noHttp,
      stop: () => cleanup.disposeAsync(),
    };
  },
};

/** As it arrives when it has been sent in that mode. */
function travelled(event: CloudEvent, mode: Mode): CloudEvent {
  const { headers, body } = httpContent(event, mode);
  return readHttpEvent({ headers: Object.entries(headers), body }).event;
}

/** A dispatcher for one event, which it hands to one function once. */
async function dispatch(name: string, event: CloudEvent, invoke: Invoke): Promise<Delivered> {
  const bus = createMemoryBus();
  const { promise: handled, resolve } = Promise.withResolvers<Handled>();
  const dispatcher = createDispatcher({
    bus,
    functions: functions.filter((fn) => fn.name === name),
    invoke,
    log: silent,
    metrics: { ...noMetrics, handled: (_, how) => resolve(how) },
  });
  await dispatcher.start();
  await bus.publish(event);
  const { outcome, reason } = await handled;
  await dispatcher.drain(1000);
  const facts: CloudEvent[] = [];
  for await (const stored of bus.history()) if (stored.event.id !== event.id) facts.push(stored.event);
  await bus.close();
  return { outcome: words[outcome] ?? outcome, reason, facts };
}
