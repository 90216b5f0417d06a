import type { Metrics } from "../../shared/metrics.ts";
import type { Records } from "../bus/archive.ts";
import { encodeInvocation } from "../recording/invocation.ts";
import { tellMeasurements } from "./measurements.ts";
import { type ChildMessage, childVariable } from "./messages.ts";

/** The process that started this one to serve one function, and keeps bus, recordings and metrics. */
export interface Parent {
  /** Tells where this process takes events. */
  listening(port: number): void;
  readonly records: Records;
  /** What is measured within invocations goes there, and no longer into this process's own metrics. */
  takeMeasurements(metrics: Metrics): void;
  /** Aborted when it is gone, however it ended: nobody is left who could ask, or end this process. */
  readonly gone: AbortSignal;
}

/** `undefined` in a process that nobody started in this way. */
export function connectParent(env: Readonly<Record<string, string | undefined>>): Parent | undefined {
  if (!env[childVariable] || !process.send) return undefined;
  const gone = new AbortController();
  process.once("disconnect", () => gone.abort(new Error("the process that started this one is gone")));
  // The channel alone shall not keep the process alive once its work is done.
  process.channel?.unref();
  const channel = new Channel();
  return {
    listening: (port) => channel.tell({ is: "listening", port }),
    records: {
      append: (invocation) =>
        channel.tell({ is: "recorded", invocation: new TextDecoder().decode(encodeInvocation(invocation)) }),
      get lost() {
        return channel.lost;
      },
      flush: () => channel.flush(),
    },
    takeMeasurements: ({ registry }) => tellMeasurements(registry, (measurement) => channel.tell(measurement)),
    gone: gone.signal,
  };
}

/** Messages to the parent, in their order. */
class Channel {
  /** How many could not be told. */
  lost = 0;
  readonly #underWay = new Set<Promise<void>>();

  tell(message: ChildMessage): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay.add(promise);
    const end = (error: Error | null) => {
      if (error) this.lost++;
      this.#underWay.delete(promise);
      resolve();
    };
    if (process.connected) process.send?.(message, undefined, undefined, end);
    else end(new Error("the channel is closed"));
  }

  /** Resolves once everything is told or lost. */
  async flush(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
