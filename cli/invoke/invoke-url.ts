import type { CloudEvent } from "../../shared/event.ts";
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
  const lines = [
    `${style.bold(url)}  ${eventInWords(event)}  ${style.dim(event.id)}`,
    `${paint(String(status))}  ${style.dim(`${ms} ms`)}`,
    ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
    ...(emitted ? [`  replies ${style.cyan(emitted.type)}  ${style.dim(emitted.id)}`] : []),
    ...(text?.trim() ? [`  ${text.trim()}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}
