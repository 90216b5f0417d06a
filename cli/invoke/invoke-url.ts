import { outcomeHeader, reasonHeader } from "../../eventing/serve/answer.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeHeaderValue } from "../../shared/header-value.ts";
import type { Mode } from "../../shared/http-event.ts";
import type { Io } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { type Style, styleOf } from "../style.ts";
import { eventInWords } from "./find-function.ts";
import type { InvokeOptions } from "./flags.ts";
import { failureOf, postEvent, type Reply } from "./post-event.ts";

/** Hands the event to a deployed function and prints its answer; answers the exit code. Throws CliError for an answer that
 *  leaves the event unhandled. */
export async function invokeUrl(event: CloudEvent, url: URL, options: InvokeOptions, io: Io): Promise<number> {
  const mode: Mode = options.mode === "binary" ? "binary" : "structured";
  const reply = await postEvent(event, { url, mode, timeout: options.timeout, signal: io.signal });
  print(
    io,
    options.output,
    { event, mode, reply },
    {
      table: () => render(event, reply, styleOf(io)),
      name: () => `${reply.status}\n`,
    },
  );
  const failure = failureOf(reply);
  if (failure) throw failure;
  return exit.ok;
}

function render(event: CloudEvent, { url, status, ms, headers, event: emitted, text }: Reply, style: Style): string {
  const paint = status < 300 ? style.green : style.red;
  const { [outcomeHeader]: outcome, [reasonHeader]: reason, ...others } = headers;
  const told = outcome === undefined ? "" : `  ${outcome}${reason === undefined ? "" : `: ${readable(reason)}`}`;
  const lines = [
    `${style.bold(url)}  ${eventInWords(event)}  ${style.dim(event.id)}`,
    `${paint(String(status))}${told}  ${style.dim(`${ms} ms`)}`,
    ...Object.entries(others).map(([name, value]) => `  ${name}: ${value}`),
    ...(emitted ? [`  replies ${style.cyan(emitted.type)}  ${style.dim(emitted.id)}`] : []),
    ...(text?.trim() ? [`  ${text.trim()}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Some other server may not encode it as we do. */
function readable(value: string): string {
  try {
    return decodeHeaderValue(value);
  } catch {
    return value;
  }
}
