import { findCondition, waitsForAnother, waitsForTheSame } from "./conditions.ts";
import { type CloudEvent, fact } from "./event.ts";
import { type AccountFunction, again, type Ctx, drop, type Notice, type Outcome, TerminalError } from "./function.ts";
import { classify, messageOf } from "./kcp/errors.ts";
import type { Account } from "./kcp/objects.ts";
import { condition } from "./names.ts";
import { postNotice } from "./notices.ts";
import { type Backend, Pass, StaleError } from "./pass.ts";
import type { Settings } from "./settings.ts";
import { heldUpBy, isPassing, nextStatus } from "./status.ts";
import { failed, type Step } from "./step.ts";
import type { World } from "./world.ts";

/** Runs one function for one event, wherever it runs: handler, then status and Kubernetes Events of the Account.
 *  Throws what the handler throws; knows nothing of buses, retries and runtimes. */
export type Invoke = (fn: AccountFunction, event: CloudEvent, ctx: Ctx) => Promise<Outcome>;

export interface InvokeOptions {
  readonly backend: Backend;
  readonly settings: Settings;
  /** All steps of the chain in their order, whichever function owns them. */
  readonly steps: readonly Step[];
  /** Told after each invocation that was about an account. */
  readonly observed?: (observation: Observation) => void;
}
export interface Observation {
  readonly function: string;
  readonly before: Account;
  readonly after: Account;
  readonly outcome: Outcome;
}

/** How often a decision is taken anew within one delivery after a write conflict. */
const decisions = 5;
/** How old an event is when the progress that it found is told in the status, in milliseconds: long when people would
 *  read the same reason as before. */
const shortPatience = 2_000;
const longPatience = 10_000;
/** A wait that lasts longer is told as a Kubernetes Event, in milliseconds. */
const longWait = 60_000;
/** An error is shown in the status from this attempt on: what passes by itself is not worth an alarm. */
const attemptsBeforeAlarm = 3;

export function createInvoke(options: InvokeOptions): Invoke {
  return async (fn, event, ctx) => {
    let writes = 0;
    const backend = options.backend.forInvocation?.() ?? options.backend;
    for (let decision = 1; ; decision++) {
      const pass = new Pass(backend, options.settings, ctx.signal);
      pass.writes = writes;
      try {
        return await once(fn, event, { pass, ctx, options });
      } catch (error) {
        writes = pass.writes;
        if (error instanceof StaleError && decision < decisions) continue;
        await alarm(fn, error, { pass, ctx, options });
        // What the server calls invalid it will call so the next time.
        throw classify(error) === "invalid" ? new TerminalError(messageOf(error), { cause: error }) : error;
      }
    }
  };
}

interface Run {
  readonly pass: Pass;
  readonly ctx: Ctx;
  readonly options: InvokeOptions;
}

async function once(fn: AccountFunction, event: CloudEvent, run: Run): Promise<Outcome> {
  const { pass, ctx } = run;
  // Each handler names the few verbs that it needs; Pass has them all. The parameter type of a list of functions
  // with different deps can only be `never`.
  const outcome = await fn.handle(event, pass as never, ctx);
  if (!pass.world || !fn.steps) return outcome;
  for (let tries = 1; ; tries++) {
    try {
      return await settle({ ...fn, steps: fn.steps }, event, outcome, { ...run, world: pass.world });
    } catch (error) {
      // What the handler did and found stays as it is; the status alone is decided anew.
      if (!(error instanceof StaleError) || tries === decisions || !(await pass.reload())) throw error;
    }
  }
}

/** Writes the status that follows, and tells people. */
async function settle(
  fn: AccountFunction & { readonly steps: readonly Step[] },
  event: CloudEvent,
  outcome: Outcome,
  run: Run & { readonly world: World },
): Promise<Outcome> {
  const { pass, ctx, options, world } = run;
  const before = world.account;
  const next = await nextStatus(world, options.steps, outcome, ctx.now());
  const patience = next && waitsForTheSame(before, next) ? longPatience : shortPatience;
  if (next && isPassing(before, next, outcome) && isFresh(event, ctx, patience)) {
    // The pass that changed something looks again, and one that finds another reason; the others leave it to those.
    return pass.writes > 0 || waitsForAnother(before, next) ? again(outcome, patience, "told if it lasts") : outcome;
  }
  if (next) await pass.writeStatus(world, next);
  const after = world.account;
  const errors = newErrors(before, after);
  const wait = event.type === fact.resyncDue ? waitOf(fn.steps, after, run) : undefined;
  await tell(world, [...outcome.notices, ...errors, ...(wait && wait.left <= 0 ? [wait.notice] : [])], run);
  options.observed?.({ function: fn.name, before, after, outcome });
  if (wait && wait.left > 0) return again(outcome, wait.left, "told if it lasts");
  return errors.reduce((told, { message }) => told.emitting({ type: fact.failed, data: { message } }), outcome);
}

/** Neither a second delivery nor a look from the timer: whoever made the progress that it finds is still there. */
function isFresh(event: CloudEvent, ctx: Ctx, patience: number): boolean {
  const age = ctx.now() - Date.parse(event.time ?? "");
  return age < patience && ctx.attempt === 1 && event.type !== fact.resyncDue;
}

/** Shows an error that lasts, or that cannot pass by itself, on the step of this function that is not complete. */
async function alarm(fn: AccountFunction, error: unknown, run: Run): Promise<void> {
  const { pass, ctx, options } = run;
  const isFinal = error instanceof TerminalError || classify(error) === "invalid";
  const lasting = ctx.attempt >= attemptsBeforeAlarm || isFinal;
  if (!pass.world || !fn.steps || !lasting || ctx.signal.aborted) return;
  try {
    const step = await firstOpen(fn.steps, pass.world);
    const outcome = drop("failed").with(step, failed(messageOf(error)));
    const before = pass.world.account;
    const next = await nextStatus(pass.world, options.steps, outcome, ctx.now());
    if (next) await pass.writeStatus(pass.world, next);
    await tell(pass.world, newErrors(before, pass.world.account), run);
  } catch (secondary) {
    ctx.log.warn({ err: secondary, function: fn.name }, "could not write the error to the Account's status");
  }
}

async function firstOpen(steps: readonly Step[], world: World): Promise<string> {
  for (const step of steps) {
    if ((await step.observe(world)).is !== "complete") return step.condition;
  }
  return steps[0]?.condition ?? condition.ready;
}

function newErrors(before: Account, after: Account): readonly Notice[] {
  const errors =
    after.status?.conditions?.filter(({ reason, type }) => reason === "Error" && type !== condition.ready) ?? [];
  return errors
    .filter(({ type, message }) => findCondition(before, type)?.message !== message)
    .map(({ type, message }) => ({ type: "Warning", reason: "Failed", message: `${type}: ${message}` }));
}

interface Wait {
  readonly notice: Notice;
  /** Milliseconds until it is a long one. */
  readonly left: number;
}

/** The source looks again at what is not Ready after a minute, then ever more rarely: so often a wait is told, by the
 *  function that owns the step. */
function waitOf(own: readonly Step[], account: Account, { ctx, options }: Run): Wait | undefined {
  const held = heldUpBy(account, options.steps);
  if (held?.reason !== "Stopped" || !own.some(({ condition }) => condition === held.type)) return undefined;
  return {
    notice: { type: "Warning", reason: "Waiting", message: `${held.type}: ${held.message}` },
    left: Date.parse(held.lastTransitionTime) + longWait - ctx.now(),
  };
}

/** People are told at best effort: what is told is in the status too. */
async function tell(world: World, notices: readonly Notice[], { ctx, options }: Run): Promise<void> {
  for (const notice of notices) {
    try {
      await postNotice(options.backend.writer, world, notice, ctx);
    } catch (error) {
      ctx.log.warn({ err: error, account: world.account.metadata.name, notice }, "could not write a Kubernetes Event");
    }
  }
}
