import { isDeepStrictEqual } from "node:util";
import { type CloudEvent, resource as type } from "../../shared/event.ts";
import type { Ctx } from "../../shared/function.ts";
import type { Writer } from "../../shared/kcp/client.ts";
import { withoutManagedFields } from "../../shared/kcp/managed-fields.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { callOf, type Outside, outsideThrough, type Service, servicesOf } from "../../shared/outside.ts";
import type { Backend } from "../../shared/pass.ts";
import { targetOf } from "./dry-run.ts";
import type { Invocation, ObjectAt, RecordedAsk, RecordedRead, RecordedTime, RecordedWrite } from "./invocation.ts";
import { recordedError } from "./recorded-error.ts";
import type { Intent } from "./simulate.ts";

/** How a call ended, and when. */
type Ended = Pick<RecordedWrite, "turn" | "at" | "ms" | "error">;
/** A read without what came of it. */
type Request<R = RecordedRead> = R extends RecordedRead ? Omit<R, keyof Ended | "times" | "answer"> : never;

/** Stands between a function and its world for one invocation, and takes down all that it is told and does. */
export class Tape implements Pick<Invocation, "clock" | "objects" | "reads" | "writes" | "asked" | "services"> {
  readonly clock: RecordedTime[] = [];
  readonly objects: KubeObject[] = [];
  readonly reads: RecordedRead[] = [];
  readonly writes: RecordedWrite[] = [];
  readonly asked: RecordedAsk[] = [];
  readonly services: readonly Service[];
  /** In place of what the function would have had. */
  readonly ctx: Ctx;
  readonly backend: Backend;
  readonly #started = performance.now();
  /** Where each state of an object is kept. */
  readonly #places = new Map<string, ObjectAt>();
  #turn = 0;

  constructor(backend: Backend, event: CloudEvent, ctx: Ctx) {
    // A delete may carry less than the object's last state.
    const state = event.type === type.delete ? undefined : stateOf(event.data);
    if (state !== undefined) this.#places.set(state, "event");
    this.ctx = { ...ctx, now: () => this.#noted(ctx.now()) };
    const { outside, writer } = backend;
    this.services = outside ? [...servicesOf(outside)] : [];
    this.backend = {
      ...this.#reading(backend),
      writer: this.#writing(writer),
      ...(outside && { outside: this.#asking(outside) }),
    };
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return Math.round(performance.now() - this.#started);
  }

  #noted(now: number): number {
    this.clock.push({ turn: this.#turn, now });
    return now;
  }

  #asking(outside: Outside): Outside {
    const ask = callOf(outside);
    return outsideThrough(servicesOf(outside), (service, method, args, call) =>
      this.#call(
        () => ask(service, method, args, call),
        (ended, answer) => {
          this.asked.push({ service, method, args, ...ended, ...(answer !== undefined && { answer }) });
          this.#turn++;
        },
      ),
    );
  }

  #reading(backend: Backend): Pick<Backend, "reader" | "refresh"> {
    return {
      reader: {
        get: (kind, cluster, name, call) =>
          this.#call(
            () => backend.reader.get(kind, cluster, name, call),
            (ended, object) =>
              this.#keepRead({ verb: "get", kind, cluster, name }, ended, object && { answer: this.#placeOf(object) }),
          ),
        list: (kind, cluster, call) =>
          this.#call(
            () => backend.reader.list(kind, cluster, call),
            (ended, objects) =>
              this.#keepRead(
                { verb: "list", kind, cluster },
                ended,
                objects && { answer: objects.map((object) => this.#placeOf(object)) },
              ),
          ),
      },
      refresh: (kind, cluster, name) =>
        this.#call(
          () => backend.refresh(kind, cluster, name),
          (ended) => {
            this.#keepRead({ verb: "refresh", kind, cluster, name }, ended);
            this.#turn++;
          },
        ),
    };
  }

  #writing(writer: Writer): Writer {
    const made = <T extends KubeObject | undefined>(intent: Intent, write: () => Promise<T>): Promise<T> =>
      this.#call(write, (ended, object) => {
        this.writes.push({ ...intent, ...ended, ...(object && { answer: this.#placeOf(object) }) });
        this.#turn++;
      });
    return {
      create: (resource, cluster, body, call) =>
        made({ verb: "create", resource, target: targetOf(cluster, body.metadata), body }, () =>
          writer.create(resource, cluster, body, call),
        ),
      mergePatch: (resource, target, body, call) =>
        made({ verb: "mergePatch", resource, target, body }, () => writer.mergePatch(resource, target, body, call)),
      apply: (resource, cluster, body, options, call) =>
        made({ verb: "apply", resource, target: targetOf(cluster, body.metadata), body }, () =>
          writer.apply(resource, cluster, body, options, call),
        ),
      delete: (resource, target, preconditions, call) =>
        made({ verb: "delete", resource, target, ...(preconditions && { body: preconditions }) }, () =>
          writer.delete(resource, target, preconditions, call),
        ),
    };
  }

  async #call<T>(make: () => Promise<T>, keep: (ended: Ended, answer?: T) => void): Promise<T> {
    const [turn, at] = [this.#turn, this.elapsed];
    let answer: T;
    try {
      answer = await make();
    } catch (error) {
      keep({ turn, at, ms: this.elapsed - at, error: recordedError(error, this.ctx.signal) });
      throw error;
    }
    keep({ turn, at, ms: this.elapsed - at }, answer);
    return answer;
  }

  /** The same read with the same answer within a turn is only counted. */
  #keepRead(request: Request, ended: Ended, found?: { readonly answer: ObjectAt | readonly ObjectAt[] }): void {
    const read = { ...request, ...ended, times: 1, ...found } as RecordedRead;
    const last = this.reads.findLastIndex((earlier) => isSameRequest(earlier, read));
    const known = this.reads[last];
    if (known && isSameAnswer(known, read)) this.reads[last] = { ...known, times: known.times + 1 };
    else this.reads.push(read);
  }

  #placeOf(object: KubeObject): ObjectAt {
    const state = stateOf(object);
    const known = state === undefined ? undefined : this.#places.get(state);
    if (known !== undefined) return known;
    const place = this.objects.push(withoutManagedFields(object)) - 1;
    if (state !== undefined) this.#places.set(state, place);
    return place;
  }
}

/** Names one state of one object; `undefined` for what is no object. */
function stateOf(value: unknown): string | undefined {
  const { metadata } = (value ?? {}) as Partial<KubeObject>;
  return metadata?.uid && metadata.resourceVersion ? `${metadata.uid}@${metadata.resourceVersion}` : undefined;
}

const nameOf = (read: RecordedRead): string => (read.verb === "list" ? "" : read.name);
const isSameRequest = (a: RecordedRead, b: RecordedRead): boolean =>
  a.turn === b.turn && a.verb === b.verb && a.kind === b.kind && a.cluster === b.cluster && nameOf(a) === nameOf(b);
const isSameAnswer = (a: RecordedRead, b: RecordedRead): boolean =>
  a.verb !== "refresh" && b.verb !== "refresh" && !a.error && !b.error && isDeepStrictEqual(a.answer, b.answer);
