import type { Client } from "../../shared/kcp/rest.ts";

/** What a process has counted so far, from its Prometheus metrics. */
export interface Reading {
  readonly requests: number;
  readonly writes: number;
  /** Put on the bus by the source. */
  readonly events: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}
export type Meter = () => Promise<Reading>;

/** Requests that the functions sent to kcp; a write is anything but GET. */
export function functionsMeter(metricsUrl: string): Meter {
  return async () => {
    const text = await (await fetch(metricsUrl)).text();
    const requests = sum(text, "rest_client_requests_total");
    const reads = sum(text, "rest_client_requests_total", 'method="GET"');
    const events = sum(text, "account_functions_events_published_total");
    return { requests, writes: requests - reads, events, ...processOf(text) };
  };
}

/** Requests that kcp served, its own controllers' included. */
export function kcpMeter(admin: Client): Meter {
  return async () => {
    const text = await admin.request<string>({ path: "/metrics" });
    return { requests: sum(text, "apiserver_request_total"), writes: 0, events: 0, ...processOf(text) };
  };
}

export const difference = (after: Reading, before: Reading): Reading => ({
  requests: after.requests - before.requests,
  writes: after.writes - before.writes,
  events: after.events - before.events,
  cpuMs: after.cpuMs - before.cpuMs,
  rssMb: after.rssMb,
});

const processOf = (text: string) => ({
  cpuMs: sum(text, "process_cpu_seconds_total") * 1000,
  rssMb: sum(text, "process_resident_memory_bytes") / 2 ** 20,
});

/** Sum over all label sets of one metric that contain `label`. */
function sum(text: string, name: string, label = ""): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(label))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
