import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, encodeEvent, MalformedEventError, structuredJson } from "../../shared/event-codec.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { UsageError } from "../errors.ts";

/** The CloudEvent in a file, or on standard input for `-`, in structured JSON; a line of `pm events -o json` is taken
 *  as it stands. Throws UsageError. */
export async function readEvent(file: string): Promise<CloudEvent> {
  const where = file === "-" ? "standard input" : file;
  const bytes = await (file === "-" ? buffer(process.stdin) : readFile(file)).catch((cause: unknown) => {
    const next = "name a file with one CloudEvent in structured JSON, as examples/events/account-added.json";
    throw new UsageError(`cannot read ${where}`, { why: messageOf(cause), next, cause });
  });
  try {
    return decodeEvent({ body: withoutSequence(bytes), headers: [["content-type", structuredJson]] });
  } catch (cause) {
    if (!(cause instanceof MalformedEventError)) throw cause;
    const next = "give one CloudEvent in structured JSON, as examples/events/ has, or one line of pm events -o json";
    throw new UsageError(`${where} is no event`, { where, why: cause.message, next, cause });
  }
}

/** `pm events` puts each event into an object beside its position. */
function withoutSequence(bytes: Uint8Array): Uint8Array {
  try {
    const { specversion, event } = JSON.parse(new TextDecoder().decode(bytes));
    return specversion === undefined && event !== undefined ? encodeEvent(event) : bytes;
  } catch {
    // Whoever decodes it says what is wrong.
    return bytes;
  }
}
