import { z } from "zod";

/** One function as `pm functions` shows it. */
const functionRow = z.object({
  name: z.string(),
  /** What it listens to. */
  on: z.array(z.record(z.string(), z.string())),
  state: z.enum(["in-process", "stopped", "starting", "running"]),
  /** Of the process that serves this function alone. */
  pid: z.number().optional(),
  /** Since the start of the process that was asked. */
  invocations: z.number(),
  /** Those of the last five minutes that ended in an error. */
  errors: z.number(),
  /** 95 of 100 recent invocations took no longer, in milliseconds. */
  p95Ms: z.number().optional(),
  /** Starts of a process for it, in milliseconds until it was ready; absent where no event has to wait for one. */
  coldStarts: z
    .object({ count: z.number(), lastMs: z.number().optional(), medianMs: z.number().optional() })
    .optional(),
  /** Milliseconds since it last worked; absent while it works, and before its first event. */
  idleMs: z.number().optional(),
  /** Events that wait for their turn. */
  lag: z.number(),
  version: z.string(),
});
export type FunctionRow = z.output<typeof functionRow>;

const answer = z.object({ functions: z.array(functionRow) });

/** What GET /functions answers. */
export const functionRowsToJson = (functions: readonly FunctionRow[]): string => JSON.stringify({ functions });

/** Throws where the text is not what functionRowsToJson makes. */
export const functionRowsFromJson = (text: string): readonly FunctionRow[] => answer.parse(JSON.parse(text)).functions;

/** Where rows come from. */
export interface FunctionSource {
  rows(): Promise<readonly FunctionRow[]>;
}
