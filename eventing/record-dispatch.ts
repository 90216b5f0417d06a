import type { Counter, Gauge } from "prom-client";
import { parseKey } from "../shared/account-key.ts";
import type { CloudEvent } from "../shared/event.ts";
import type { AccountFunction } from "../shared/function.ts";
import type { Account } from "../shared/kcp/objects.ts";
import type { Metrics } from "../shared/metrics.ts";
import type { DispatchMetrics, Ending, Handled, Run } from "./dispatch-metrics.ts";

export interface RecordOptions {
  readonly metrics: Metrics;
  readonly functions: readonly AccountFunction[];
  readonly concurrency: number;
  /** Values that the label `type` may take. */
  readonly accountTypes: readonly string[];
  accountOf(cluster: string, name: string): Account | undefined;
  now(): number;
}

const accountInfoController = "AccountInfoReconciler";
/** A function belongs to the controller of the reference operator that did its work. */
const controllerOf = (fn: string) => (fn === "release-accountinfo" ? accountInfoController : "AccountReconciler");

/** controller-runtime's words for how a pass ended. */
const results: Readonly<Record<Ending, string>> = {
  done: "success",
  drop: "success",
  waiting: "success",
  requeue: "requeue_after",
  retry: "error",
  dead: "error",
};
const subroutineOutcome: Readonly<Record<Ending, string>> = {
  done: "ok",
  drop: "ok",
  waiting: "stop",
  requeue: "pending",
  retry: "error",
  dead: "error",
};

/** Turns what the dispatcher tells into metrics (features.md 002-M01, M06 to M10). */
export function recordDispatch(options: RecordOptions): DispatchMetrics {
  const { metrics, functions, concurrency } = options;
  const { queue, controller, events } = metrics;
  const running = new Map<Run, number>();
  for (const { name } of functions) controller.maxConcurrent.set({ controller: controllerOf(name) }, concurrency);
  const ages = (name: string) =>
    [...running].filter(([run]) => run.function === name).map(([, since]) => (options.now() - since) / 1000);
  onScrape(queue.unfinished, (gauge) => {
    for (const { name } of functions)
      gauge.set(
        { name },
        ages(name).reduce((sum, age) => sum + age, 0),
      );
  });
  onScrape(queue.longest, (gauge) => {
    for (const { name } of functions) gauge.set({ name }, Math.max(0, ...ages(name)));
  });

  return {
    added(name) {
      queue.adds.inc({ name });
      queue.depth.inc({ name });
    },
    returned: (name) => queue.depth.dec({ name }),
    started(run) {
      const name = run.function;
      running.set(run, options.now());
      queue.depth.dec({ name });
      queue.wait.observe({ name }, run.waitedMs / 1000);
      controller.active.inc({ controller: controllerOf(name) });
      const seen = Date.parse(run.event.time ?? "");
      if (run.attempt === 1 && !Number.isNaN(seen))
        events.lag.observe({ function: name }, Math.max(0, run.startedAt - seen) / 1000);
    },
    handled(run, handled) {
      running.delete(run);
      recordController(metrics, run, handled);
      recordSteps(options, run, handled);
    },
  };
}

function recordController({ queue, controller, events }: Metrics, run: Run, { outcome, trouble, ms }: Handled): void {
  const labels = { controller: controllerOf(run.function) };
  queue.work.observe({ name: run.function }, ms / 1000);
  events.handled.inc({ function: run.function, outcome });
  controller.active.dec(labels);
  controller.time.observe(labels, ms / 1000);
  controller.total.inc({ ...labels, result: results[outcome] });
  if (outcome === "retry") queue.retries.inc({ name: run.function });
  if (trouble === undefined || trouble === "shutdown") return;
  controller.errors.inc(labels);
  if (trouble === "terminal") controller.terminalErrors.inc(labels);
  if (trouble === "time limit") controller.timeouts.inc(labels);
}

function recordSteps(options: RecordOptions, run: Run, { outcome, ms, againInMs }: Handled): void {
  const fn = options.functions.find(({ name }) => name === run.function);
  const account = accountOf(run.event, options);
  if (!fn?.steps || !account || outcome === "drop") return;
  const { metrics } = options;
  const type = options.accountTypes.includes(account.spec.type) ? account.spec.type : "other";
  metrics.accounts.reconciled.inc({ type, result: results[outcome].replace("_after", "") });
  const action = account.metadata.deletionTimestamp ? "finalize" : "process";
  // What stops a function stops its last step; those before it are then complete.
  for (const { condition: subroutine } of outcome === "done" ? fn.steps : fn.steps.slice(-1)) {
    const labels = { controller: controllerOf(fn.name), subroutine };
    metrics.subroutine.duration.observe({ ...labels, action, outcome: subroutineOutcome[outcome] }, ms / 1000);
    if (results[outcome] === "error") metrics.subroutine.errors.inc({ ...labels, action });
    if (againInMs !== undefined) {
      metrics.subroutine.requeue.observe({ ...labels, outcome: subroutineOutcome[outcome] }, againInMs / 1000);
    }
  }
}

function accountOf(event: CloudEvent, options: RecordOptions): Account | undefined {
  const key = parseKey(event.accountkey);
  return key && options.accountOf(key.cluster, key.name);
}

/** Computed only when somebody asks. */
function onScrape<T extends Gauge<string> | Counter<string>>(metric: T, compute: (metric: T) => void): void {
  Object.assign(metric, { collect: () => compute(metric) });
}
