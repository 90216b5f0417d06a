import { kinds } from "../../shared/kcp/kinds.ts";
import type { Args } from "../command.ts";
import { worldFlags } from "./surroundings.ts";

export const invokeFlags = {
  event: { type: "string", description: "file with the CloudEvent in structured JSON; - is standard input" },
  account: { type: "string", description: "make the event of this account as it is now, as root:orgs:acme" },
  kind: {
    type: "string",
    choices: Object.keys(kinds),
    description: "with --account: what the event is about (default what the function takes)",
  },
  "dry-run": { type: "boolean", description: "show each write as a diff, and make none" },
  url: { type: "string", description: "hand the event to the function that is deployed there" },
  mode: {
    type: "string",
    default: "structured",
    choices: ["structured", "binary"],
    description: "with --url: form of the event over HTTP",
  },
  verbose: { type: "boolean", short: "v", description: "show what was read too" },
  ...worldFlags,
} as const;
/** Flags of `pm invoke` with those of every command. */
export type InvokeOptions = Args<typeof invokeFlags>["options"];
