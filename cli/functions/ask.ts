import { once } from "node:events";
import { get as getPlain, type IncomingMessage } from "node:http";
import { get as getSecure } from "node:https";
import { text } from "node:stream/consumers";
import { type FunctionSource, functionRowsFromJson } from "../../eventing/overview/row.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { CliError, UnreachableError } from "../errors.ts";
import { reasonOf } from "../explain-error.ts";

export interface RunningOptions {
  /** Of the metrics server of pm run. */
  readonly url: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const start = "start pm run, and give its --metrics-bind-address as --url, as http://127.0.0.1:9090";

/** The functions of a pm run, which tells about them where its metrics are. */
export function runningFunctions({ url, timeoutMs, signal }: RunningOptions): FunctionSource {
  const where = new URL("/functions", url);
  return {
    async rows() {
      const limit = AbortSignal.timeout(timeoutMs);
      const { status, body } = await ask(where, AbortSignal.any([signal, limit])).catch((cause: unknown) => {
        if (signal.aborted) throw cause;
        const why = limit.aborted ? `no answer within ${timeoutMs / 1000} s` : (reasonOf(cause) ?? messageOf(cause));
        throw new UnreachableError("no pm run answers", { where: where.href, why, next: start, cause });
      });
      if (status !== 200) throw notOurs(where, `it answers ${status}`);
      try {
        return functionRowsFromJson(body);
      } catch (cause) {
        throw notOurs(where, messageOf(cause), cause);
      }
    },
  };
}

async function ask(where: URL, signal: AbortSignal): Promise<{ readonly status: number; readonly body: string }> {
  const asked =
    where.protocol === "https:"
      ? // The certificate of --metrics-secure is made anew at each start: nobody could know it.
        getSecure(where, { agent: false, signal, rejectUnauthorized: false })
      : getPlain(where, { agent: false, signal });
  const [response]: IncomingMessage[] = await once(asked, "response");
  if (!response) throw new Error("no answer");
  return { status: response.statusCode ?? 0, body: await text(response) };
}

function notOurs(where: URL, why: string, cause?: unknown): CliError {
  const next = `is this the metrics address of a pm run of this version?  ${start}`;
  return new CliError("this server does not tell about functions", {
    where: where.href,
    why,
    next,
    ...(cause !== undefined && { cause }),
  });
}
