import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** All metrics of one process, by the names of the reference operator and of controller-runtime where the meaning is
 *  the same (features.md 002-M). Every label value is one of a few. */
export type Metrics = ReturnType<typeof createMetrics>;

const provisioning = [1, 5, 10, 30, 60, 120, 300];
const quick = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const coldStarts = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20];
const queueing = [0.0001, 0.001, 0.01, 0.1, 1, 10, 100];

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  // A loop monitor of 10 ms, prom-client's default, would wake an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });

  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const seconds = <L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ) => new Histogram({ name, help, buckets, labelNames, registers });

  const subroutine = ["controller", "subroutine"] as const;
  return {
    registry,
    buildInfo: gauge("account_operator_build_info", "1, with what runs here as labels", [
      "version",
      "image_name",
      "image_tag",
      "environment",
      "region",
    ]),

    accounts: {
      reconciled: counter("account_operator_accounts_reconciled_total", "Passes over an account", ["type", "result"]),
      validations: counter("account_operator_webhook_validations_total", "Admission verdicts", [
        "operation",
        "result",
        "account_type",
      ]),
      workspaceReady: seconds(
        "account_operator_workspace_ready_duration_seconds",
        "From the creation of an account to its workspace being ready, once for each account",
        provisioning,
        ["type"],
      ),
      workspaceTypes: counter(
        "account_operator_workspacetype_operations_total",
        "Writes of WorkspaceTypes, and passes without one",
        ["operation", "wst_kind"],
      ),
      notReady: gauge("account_functions_accounts_not_ready", "Accounts that are not Ready, nor being deleted"),
      longestNotReady: gauge(
        "account_functions_account_longest_not_ready_seconds",
        "How long the Account has not been Ready that has not been for longest",
      ),
      orgProvisioning: seconds(
        "account_operator_org_provisioning_duration_seconds",
        "From the creation of an org to Ready, once for each org",
        provisioning,
      ),
    },

    subroutine: {
      duration: seconds("lifecycle_subroutine_duration_seconds", "Duration of a step", quick, [
        ...subroutine,
        "action",
        "outcome",
      ]),
      errors: counter("lifecycle_subroutine_errors_total", "Errors of a step", [...subroutine, "action"]),
      requeue: seconds("lifecycle_subroutine_requeue_seconds", "Delays that a step asked for", quick, [
        ...subroutine,
        "outcome",
      ]),
    },

    queue: {
      depth: gauge("workqueue_depth", "Events that wait to be handled", ["name"]),
      adds: counter("workqueue_adds_total", "Events taken from the bus", ["name"]),
      wait: seconds(
        "workqueue_queue_duration_seconds",
        "From an event's delivery to the start of its handling",
        queueing,
        ["name"],
      ),
      work: seconds("workqueue_work_duration_seconds", "Duration of the handling of an event", queueing, ["name"]),
      unfinished: gauge("workqueue_unfinished_work_seconds", "Time spent so far on what is being handled", ["name"]),
      longest: gauge("workqueue_longest_running_processor_seconds", "Time spent so far on the longest of these", [
        "name",
      ]),
      retries: counter("workqueue_retries_total", "Events to be delivered again", ["name"]),
    },

    controller: {
      time: seconds("controller_runtime_reconcile_time_seconds", "Duration of a pass", quick, ["controller"]),
      total: counter("controller_runtime_reconcile_total", "Passes", ["controller", "result"]),
      errors: counter("controller_runtime_reconcile_errors_total", "Passes that ended in an error", ["controller"]),
      terminalErrors: counter("controller_runtime_terminal_reconcile_errors_total", "Errors that no retry can cure", [
        "controller",
      ]),
      panics: counter("controller_runtime_reconcile_panics_total", "Passes that ended in a programming error", [
        "controller",
      ]),
      timeouts: counter("controller_runtime_reconcile_timeouts_total", "Passes that ran out of time", ["controller"]),
      maxConcurrent: gauge("controller_runtime_max_concurrent_reconciles", "Passes allowed at once", ["controller"]),
      active: gauge("controller_runtime_active_workers", "Passes under way", ["controller"]),
    },

    process: {
      requests: counter("rest_client_requests_total", "Requests to kcp", ["code", "method", "host"]),
      leader: gauge("leader_election_master_status", "1 while this instance leads", ["name"]),
      webhookRequests: counter("controller_runtime_webhook_requests_total", "Reviews that kcp asked for", [
        "webhook",
        "code",
      ]),
      webhookLatency: seconds("controller_runtime_webhook_latency_seconds", "Duration of a review", quick, ["webhook"]),
      webhookInFlight: gauge("controller_runtime_webhook_requests_in_flight", "Reviews under way", ["webhook"]),
      certificateReads: counter("certwatcher_read_certificate_total", "Certificates read"),
      certificateErrors: counter("certwatcher_read_certificate_errors_total", "Certificates that could not be read"),
      certificateEnd: gauge(
        "account_functions_certificate_expiry_timestamp_seconds",
        "End of the certificate in use, since the epoch",
        ["server"],
      ),
    },

    functions: {
      processes: gauge("account_functions_function_processes", "1 in the state that the process of a function is in", [
        "function",
        "state",
      ]),
      coldStart: seconds(
        "account_functions_function_cold_start_seconds",
        "From starting the process of a function to its being ready for events",
        coldStarts,
        ["function"],
      ),
      ends: counter(
        "account_functions_function_process_ends_total",
        "Processes of functions that ended, or never began",
        ["function", "reason"],
      ),
    },

    events: {
      published: counter("account_functions_events_published_total", "Changes in kcp that the source put on the bus", [
        "kind",
        "verb",
      ]),
      watchRestarts: counter("account_functions_watch_restarts_total", "Watches that broke, and lists that failed", [
        "kind",
      ]),
      handled: counter("account_functions_events_handled_total", "Events handled", ["function", "outcome"]),
      lag: seconds("account_functions_event_lag_seconds", "From the source seeing a change to its handling", quick, [
        "function",
      ]),
      recordingsLost: counter(
        "account_functions_recordings_lost_total",
        "Recordings of invocations that could not be kept",
      ),
      authorizations: counter("account_functions_authorizations_total", "Answers of the authorization webhook", [
        "result",
      ]),
      timers: gauge("account_functions_timers", "Events that come to their function once more when it is time"),
      timersEnded: counter("account_functions_timers_ended_total", "Deliveries of such events", [
        "function",
        "outcome",
      ]),
      objects: gauge("account_functions_source_objects", "Objects that the source knows", ["kind"]),
    },
  };
}
