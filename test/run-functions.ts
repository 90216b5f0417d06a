import { expect } from "vitest";
import { decodeInvocation, encodeInvocation, type Invocation } from "../eventing/recording/invocation.ts";
import { recordInvocations } from "../eventing/recording/recorder.ts";
import { replay } from "../eventing/recording/replay.ts";
import { functions, steps } from "../functions/index.ts";
import { type CloudEvent, matches, resource } from "../shared/event.ts";
import type { Ctx, Outcome, OwnEvent } from "../shared/function.ts";
import type { Invoke } from "../shared/invoke.ts";
import type { Backend } from "../shared/pass.ts";
import { defaultSettings, type Settings } from "../shared/settings.ts";
import { orgsCluster } from "./fake-kcp.ts";

export const startOfTime = Date.parse("2026-01-01T00:00:00Z");

/** Invokes functions on a fake kcp, one at a time or all that an event wakes, own events included. Whatever a test makes
 *  of them, each invocation is recorded, and its replay must do the same. */
export class Functions {
  readonly #record: Invoke;
  #recorded: Invocation | undefined;
  now = startOfTime;
  signal = new AbortController().signal;
  /** Each invocation as it is stored, as text. */
  readonly recordings: string[] = [];

  constructor(kcp: Backend, settings: Partial<Settings> = {}) {
    const records = { append: (invocation: Invocation) => (this.#recorded = invocation) };
    const options = { backend: kcp, settings: { ...defaultSettings, ...settings }, steps };
    this.#record = recordInvocations(options, { records, version: "test" });
  }

  async invoke(name: string, event: CloudEvent, attempt = 1): Promise<Outcome> {
    const fn = functions.find((candidate) => candidate.name === name);
    if (!fn) throw new Error(`no function ${name}`);
    return this.#invoke(fn, event, this.ctx(attempt));
  }

  readonly #invoke: Invoke = async (fn, event, ctx) => {
    try {
      return await this.#record(fn, event, ctx);
    } finally {
      const stored = this.#recorded && encodeInvocation(this.#recorded);
      if (stored) this.recordings.push(new TextDecoder().decode(stored));
      const replayed = stored && (await replay(decodeInvocation(stored), fn, steps));
      expect(replayed?.differs === false || replayed, "a replay does the same").toBe(true);
    }
  };

  /** Delivers the event to every function that wants it, again after the time that it asks for, then what they emit; answers the facts in order. */
  async deliver(event: CloudEvent): Promise<readonly string[]> {
    const facts: string[] = [];
    const queue = [event];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const cause = next;
      for (const fn of functions.filter(({ on }) => on.some((filter) => matches(filter, cause)))) {
        let outcome = await this.#invoke(fn, cause, this.ctx(1));
        if (outcome.kind === "requeue") {
          this.now += outcome.ms;
          outcome = await this.#invoke(fn, cause, this.ctx(1));
        }
        const { events } = outcome;
        facts.push(...events.map(({ type }) => type.replace("io.platform-mesh.account.", "")));
        queue.push(...events.map((emitted) => caused(cause, emitted, this.now)));
      }
    }
    return facts;
  }

  ctx(attempt: number): Ctx {
    const ignore = () => {};
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    return { now: () => this.now, signal: this.signal, attempt, log };
  }
}

function caused(cause: CloudEvent, { type, accountkey, data }: OwnEvent, now: number): CloudEvent {
  const key = accountkey ?? cause.accountkey;
  const time = new Date(now).toISOString();
  return {
    specversion: "1.0",
    id: `${cause.id}/${type}`,
    source: "test",
    type,
    time,
    ...(key && { accountkey: key }),
    data,
  };
}

export interface About {
  readonly verb?: keyof typeof resource;
  readonly cluster?: string;
  readonly name?: string;
  readonly phase?: string;
  readonly deleting?: boolean;
  readonly data?: unknown;
}

/** A forwarded event about an object of the account `<cluster>/<name>`. */
export function forwarded(kind: string, key: string, about: About = {}): CloudEvent {
  const { verb = "update", cluster = key.split("/")[0] ?? orgsCluster, phase, deleting = false, data } = about;
  return {
    specversion: "1.0",
    id: `${kind}.${key}.${verb}`,
    source: "test",
    type: resource[verb],
    kind,
    accountkey: key,
    kcpcluster: cluster,
    deleting: String(deleting),
    time: new Date(startOfTime).toISOString(),
    ...(phase !== undefined && { phase }),
    ...(data !== undefined && { data }),
  };
}

export const own = (type: string, accountkey: string, data?: unknown): CloudEvent => ({
  specversion: "1.0",
  id: `${type}.${accountkey}`,
  source: "test",
  type,
  accountkey,
  data,
});
