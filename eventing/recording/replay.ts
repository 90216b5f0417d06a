import { isDeepStrictEqual } from "node:util";
import type { AccountFunction } from "../../shared/function.ts";
import { createInvoke } from "../../shared/invoke.ts";
import type { Step } from "../../shared/step.ts";
import { systemClock } from "../clock.ts";
import { withinLimits } from "../time-limit.ts";
import type { Invocation, RecordedResult, RecordedWrite } from "./invocation.ts";
import { type PlayedWrite, Player } from "./player.ts";
import { recordedError } from "./recorded-error.ts";
import { recordedResult } from "./recorder.ts";
import { redactedJson } from "./redact.ts";
import { type Intent, intentOf } from "./simulate.ts";

/** What a function did then beside what it does now with the same world. */
export interface Replayed {
  readonly result: { readonly was: RecordedResult; readonly now: RecordedResult };
  /** Those of now in their order, then those that are made no more. */
  readonly writes: readonly ReplayedWrite[];
  /** What it reads now and had not read then. */
  readonly newReads: readonly string[];
  /** What it asked others to change then, and does not now, as `fga.write`. */
  readonly missingAsks: readonly string[];
  /** The same writes, in another order. */
  readonly isReordered: boolean;
  readonly differs: boolean;
}
export interface ReplayedWrite {
  readonly was: Intent | undefined;
  readonly now: Intent | undefined;
  readonly differs: boolean;
}

/** A handler that has ended takes microseconds here. */
const timeLimitMs = 10_000;

/** Runs a function once more on what it was told and read. Never rejects: an error is its result. */
export async function replay(recording: Invocation, fn: AccountFunction, steps: readonly Step[]): Promise<Replayed> {
  const player = new Player(recording);
  const { disabledSteps, ...rest } = recording.settings;
  const settings = { ...rest, disabledSteps: new Set(disabledSteps) };
  const invoke = createInvoke({ backend: player.backend, settings, steps });
  const limits = { ms: timeLimitMs, stop: new AbortController().signal, clock: systemClock };
  const now = await withinLimits(limits, () => invoke(fn, recording.event, player.ctx))
    .then(recordedResult)
    .catch((error: unknown): RecordedResult => ({ outcome: "error", error: recordedError(error) }));
  const result = { was: recording.result, now: plain(now) };
  const writes = [...player.writes.map(compared), ...player.missing.map(gone)];
  const newReads = [...player.newReads];
  const missingAsks = player.missingAsks.map(({ service, method }) => `${service}.${method}`);
  const isReordered = !isSorted(player.writes.flatMap(({ was }) => (was ? [recording.writes.indexOf(was)] : [])));
  const differs =
    !isDeepStrictEqual(result.was, result.now) ||
    writes.some((write) => write.differs) ||
    newReads.length > 0 ||
    missingAsks.length > 0 ||
    isReordered;
  return { result, writes, newReads, missingAsks, isReordered, differs };
}

const compared = ({ now, was }: PlayedWrite): ReplayedWrite => ({
  now,
  was: was && intentOf(was),
  differs: !was || !isDeepStrictEqual(intentOf(was), now),
});
const gone = (was: RecordedWrite): ReplayedWrite => ({ was: intentOf(was), now: undefined, differs: true });

const isSorted = (numbers: readonly number[]): boolean =>
  numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? -1));

/** As it comes out of a recording. */
const plain = (result: RecordedResult): RecordedResult => JSON.parse(redactedJson(result)) as RecordedResult;
