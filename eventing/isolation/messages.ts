import { z } from "zod";

/** Name of the environment variable that tells a process who started it: it then speaks over the channel to its parent. */
export const childVariable = "ACCOUNT_FUNCTIONS_CHILD";

const measurement = z.object({
  is: z.literal("measured"),
  /** Name of a counter or a histogram. */
  metric: z.string(),
  /** Labels, value, or both, as prom-client takes them. */
  args: z.array(z.union([z.number(), z.record(z.string(), z.union([z.string(), z.number()]))])).max(2),
});
export type Measurement = z.output<typeof measurement>;

const message = z.discriminatedUnion("is", [
  /** It takes events on this port of the loopback. */
  z.object({ is: z.literal("listening"), port: z.int().min(1).max(65_535) }),
  /** A recording as it is stored: JSON without secrets. */
  z.object({ is: z.literal("recorded"), invocation: z.string() }),
  measurement,
]);

/** What the process of a function tells the one that started it. */
export type ChildMessage = z.output<typeof message>;

/** `undefined` for what is none of ours. */
export const childMessage = (received: unknown): ChildMessage | undefined => message.safeParse(received).data;
