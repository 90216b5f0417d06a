import { z } from "zod";
import type { RunConfig } from "../../eventing/run-config.ts";
import { parseBytes } from "../../shared/bytes.ts";
import type { Options, Values } from "../command.ts";

/** How much is kept of what the functions did. */
export const recordFlags = {
  record: {
    type: "boolean",
    default: true,
    description: "keep what each function read, wrote and answered, for pm trace and pm replay; --no-record does not",
  },
  "record-max-age": { type: "duration", default: "24h", description: "recordings that are older go" },
  "record-max-bytes": {
    type: "string",
    default: "",
    description: "the oldest recordings go beyond this size (default 256Mi on NATS, 64Mi in memory)",
  },
} as const satisfies Options;

const mebibyte = 1024 * 1024;
const bytes = z.string().transform((text, context): number | undefined => {
  if (text === "") return undefined;
  const parsed = parseBytes(text);
  if (parsed !== undefined && parsed >= mebibyte) return parsed;
  context.addIssue({ code: "custom", message: `"${text}" is not an amount of 1Mi or more, as 256Mi` });
  return z.NEVER;
});

export const recordShape = { "record-max-age": z.number().min(1000, "at least 1s"), "record-max-bytes": bytes };
const shape = z.object(recordShape);

export function recordingOf(
  flags: Values<typeof recordFlags>,
  checked: z.output<typeof shape>,
  bus: "nats" | "memory",
): RunConfig["recording"] {
  if (!flags.record) return undefined;
  const maxBytes = checked["record-max-bytes"] ?? (bus === "nats" ? 256 : 64) * mebibyte;
  return { maxAgeMs: checked["record-max-age"], maxBytes };
}
