import { isDeepStrictEqual } from "node:util";
import type { Ctx, Log } from "../../shared/function.ts";
import type { Target, Writer } from "../../shared/kcp/client.ts";
import { type Kind, kinds, type Resource } from "../../shared/kcp/kinds.ts";
import type { KubeObject, ObjectOf } from "../../shared/kcp/objects.ts";
import { outsideThrough } from "../../shared/outside.ts";
import type { Backend } from "../../shared/pass.ts";
import { Answers } from "./answers.ts";
import { targetOf } from "./dry-run.ts";
import type { Invocation, RecordedAsk, RecordedRead, RecordedTime, RecordedWrite } from "./invocation.ts";
import { thrownError } from "./recorded-error.ts";
import { redactedJson } from "./redact.ts";
import { keyOf, kindOf, objectAt, type Seen, seenIn } from "./seen.ts";
import { type Intent, intentOf, isReleased, simulate } from "./simulate.ts";

/** A write of the replay beside the one that was made in its place then, if there was one. */
export interface PlayedWrite {
  readonly now: Intent;
  readonly was: RecordedWrite | undefined;
}
/** More calls than any function makes: it is going in circles. */
const maxCalls = 10_000;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Plays the world of a recording to a function: it reads what was read then, its writes are answered as they were, and
 *  what differs from then is simulated and noted. */
export class Player {
  readonly writes: PlayedWrite[] = [];
  /** What was read that had not been read then. */
  readonly newReads = new Set<string>();
  readonly #recording: Invocation;
  readonly #seen: ReadonlyMap<string, Answers<Seen>>;
  readonly #clock: Answers<RecordedTime>;
  readonly #refreshes: RecordedRead[];
  readonly #unasked: RecordedAsk[];
  readonly #unplayed: RecordedWrite[];
  /** What writes that were not made then would have left; `undefined` for nothing. */
  readonly #changed = new Map<string, KubeObject | undefined>();
  readonly #stop = new AbortController();
  #turn = 0;
  #calls = 0;

  constructor(recording: Invocation) {
    this.#recording = recording;
    this.#clock = new Answers(recording.clock);
    this.#refreshes = recording.reads.filter(({ verb }) => verb === "refresh");
    this.#unplayed = [...recording.writes];
    this.#unasked = [...(recording.asked ?? [])];
    this.#seen = seenIn(recording);
  }

  get ctx(): Ctx {
    const { attempt, startedAt } = this.#recording;
    const now = () => this.#clock.in(this.#turn)?.now ?? Date.parse(startedAt);
    return { attempt, now, signal: this.#stop.signal, log: silent };
  }

  /** Writes that were made then, and not now. */
  get missing(): readonly RecordedWrite[] {
    return this.#unplayed;
  }

  /** Changes that were asked of others then, and not now. */
  get missingAsks(): readonly RecordedAsk[] {
    return this.#unasked.filter(({ method }) => !isQuestion.test(method));
  }

  get backend(): Backend {
    const { services } = this.#recording;
    if (!services) return this.#kcp;
    const outside = outsideThrough(new Set(services), async (service, method, args) =>
      this.#ask({ service, method, args }),
    );
    return { ...this.#kcp, outside };
  }

  readonly #kcp: Backend = {
    reader: {
      get: async <K extends Kind>(kind: K, cluster: string, name: string) =>
        this.#get(kind, cluster, name) as ObjectOf[K] | undefined,
      list: async <K extends Kind>(kind: K, cluster: string) => this.#list(kind, cluster) as readonly ObjectOf[K][],
    },
    refresh: async (kind, cluster, name) => {
      this.#count();
      const index = this.#refreshes.findIndex(
        (read) => keyOf(read) === keyOf({ verb: "refresh", kind, cluster, name }),
      );
      const [was] = index < 0 ? [] : this.#refreshes.splice(index, 1);
      if (!was) this.newReads.add(`${kind} ${name} in ${cluster}, anew from the server`);
      else this.#goOn(was);
    },
    // The types of Writer promise the object that was written, which is the recorded or simulated one.
    writer: {
      create: async (resource, cluster, body) =>
        this.#write({ verb: "create", resource, target: targetOf(cluster, body.metadata), body }),
      mergePatch: async (resource, target, body) => this.#write({ verb: "mergePatch", resource, target, body }),
      apply: async (resource, cluster, body) =>
        this.#write({ verb: "apply", resource, target: targetOf(cluster, body.metadata), body }),
      delete: async (resource, target, preconditions) =>
        this.#write({ verb: "delete", resource, target, ...(preconditions && { body: preconditions }) }),
    } as Writer,
  };

  /** Answered as it was then; what was not asked then has no answer. */
  #ask(asked: Pick<RecordedAsk, "service" | "method" | "args">): unknown {
    this.#count();
    const now: unknown = JSON.parse(redactedJson(asked));
    const index = this.#unasked.findIndex(({ service, method, args }) =>
      isDeepStrictEqual({ service, method, args }, now),
    );
    const [was] = index < 0 ? [] : this.#unasked.splice(index, 1);
    if (!was) {
      this.newReads.add(`${asked.service}.${asked.method} ${JSON.stringify((now as RecordedAsk).args)}`);
      throw new Error(`${asked.service}.${asked.method} was not asked then`);
    }
    this.#goOn(was);
    return structuredClone(was.answer);
  }

  #get(kind: Kind, cluster: string, name: string): KubeObject | undefined {
    this.#count();
    const changed = changedKey(kinds[kind], { cluster, name });
    if (this.#changed.has(changed)) return this.#changed.get(changed);
    const seen = this.#seen.get(keyOf({ verb: "get", kind, cluster, name }))?.in(this.#turn);
    if (!seen) this.newReads.add(`${kind} ${name} in ${cluster}`);
    return this.#answered(seen)[0];
  }

  #list(kind: Kind, cluster: string): readonly KubeObject[] {
    this.#count();
    const seen = this.#seen.get(keyOf({ verb: "list", kind, cluster }))?.in(this.#turn);
    if (!seen) this.newReads.add(`all ${kinds[kind].plural} in ${cluster}`);
    return this.#answered(seen);
  }

  #answered(seen: Seen | undefined): readonly KubeObject[] {
    if (seen?.error) this.#fail(seen.error);
    return seen?.answer ?? [];
  }

  #write(asked: Intent): KubeObject | undefined {
    this.#count();
    const now = JSON.parse(redactedJson(asked)) as Intent;
    const was =
      this.#take((write) => isDeepStrictEqual(intentOf(write), now)) ?? this.#take((write) => isOfSame(write, now));
    this.writes.push({ now, was });
    const changed = changedKey(now.resource, now.target);
    const isSame = was && isDeepStrictEqual(intentOf(was), now);
    const present = isSame ? undefined : this.#presentFor(now);
    if (was) this.#goOn(was);
    if (isSame) {
      this.#changed.delete(changed);
      return was.answer === undefined ? undefined : objectAt(this.#recording, was.answer);
    }
    // A patch of what was not read then is made on nothing: what else is in it, the recording does not know.
    const known: Intent = !present && now.verb === "mergePatch" ? { ...now, verb: "apply" } : now;
    const answer = simulate(known, present, Date.parse(this.#recording.startedAt));
    this.#changed.set(changed, answer && isReleased(answer) ? undefined : answer);
    return answer;
  }

  /** The object that a simulated write is made on. */
  #presentFor({ resource, target }: Intent): KubeObject | undefined {
    const changed = changedKey(resource, target);
    if (this.#changed.has(changed)) return this.#changed.get(changed);
    const kind = kindOf(resource);
    const seen = kind && this.#seen.get(keyOf({ verb: "get", kind, ...target }))?.in(this.#turn);
    return seen?.answer[0];
  }

  #take(isWanted: (write: RecordedWrite) => boolean): RecordedWrite | undefined {
    const index = this.#unplayed.findIndex(isWanted);
    return index < 0 ? undefined : this.#unplayed.splice(index, 1)[0];
  }

  /** A call ends as it did then: with its error, and with the world a turn further. */
  #goOn({ turn, error }: Pick<RecordedWrite, "turn" | "error">): void {
    // Of calls that were made at once each began in the same turn, and each end made it one more.
    this.#turn = Math.max(this.#turn, turn) + 1;
    if (error) this.#fail(error);
  }

  #fail(error: NonNullable<RecordedWrite["error"]>): never {
    const thrown = thrownError(error);
    if (error.aborted) this.#stop.abort(thrown);
    throw thrown;
  }

  #count(): void {
    if (++this.#calls > maxCalls) throw new Error(`more than ${maxCalls} calls in one invocation`);
  }
}

/** Methods of shared/outside.ts that change nothing. */
const isQuestion = /^(?:find|get|latest|read|check|discover)/;

const changedKey = ({ group, plural }: Resource, { cluster, namespace = "", name }: Target): string =>
  [group, plural, cluster, namespace, name].join(" ");

const isOfSame = (a: Intent, b: Intent): boolean =>
  a.verb === b.verb && isDeepStrictEqual([a.resource, a.target], [b.resource, b.target]);
