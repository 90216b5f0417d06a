import { decodeInvocation, encodeInvocation, type Invocation } from "../eventing/recording/invocation.ts";
import { recordInvocations } from "../eventing/recording/recorder.ts";
import { steps } from "../functions/index.ts";
import type { CloudEvent } from "../shared/event.ts";
import type { AccountFunction, Ctx } from "../shared/function.ts";
import type { Backend } from "../shared/pass.ts";
import { defaultSettings } from "../shared/settings.ts";
import { startOfTime } from "./run-functions.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Runs a function and answers the recording as it is stored; what it throws is in there. */
export async function recordingOf(
  backend: Backend,
  fn: AccountFunction,
  event: CloudEvent,
  ctx: Partial<Ctx> = {},
): Promise<Invocation> {
  const recorded: Invocation[] = [];
  const records = { append: (invocation: Invocation) => recorded.push(invocation) };
  const invoke = recordInvocations({ backend, settings: defaultSettings, steps }, { records, version: "1.2.3" });
  const given = { now: () => startOfTime, signal: new AbortController().signal, attempt: 1, log: silent, ...ctx };
  await invoke(fn, event, given).catch(() => undefined);
  const [only] = recorded;
  if (!only) throw new Error("nothing was recorded");
  return decodeInvocation(encodeInvocation(only));
}
