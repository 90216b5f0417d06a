import type { CloudEvent } from "../../shared/event.ts";
import type { Mode } from "../../shared/http-event.ts";

/** What every runtime is given. */
export interface Surroundings {
  /** Of the operator; its requests are seen. */
  readonly kubeconfig: string;
  /** Where facts go that are not an answer. */
  readonly sinkUrl: string;
  /** Where events go whose time has not come. */
  readonly schedulerUrl: string;
  /** For files of its own. */
  readonly folder: string;
}

/** What became of an event. */
export interface Delivered {
  readonly outcome: string;
  readonly reason?: string | undefined;
  /** Facts that came back, without those that went to the sink. */
  readonly facts: readonly CloudEvent[];
}

/** One way to run the functions. A new one is a file beside this one, and a line in runtimes.ts. */
export interface Runtime {
  readonly name: string;
  /** Whom what is about HTTP concerns; nobody asks the others by it. */
  readonly isHttp: boolean;
  /** It has its own HTTP server, whose limits and refusals are its own. */
  readonly isForeign?: boolean;
  start(surroundings: Surroundings): Promise<Running>;
}

export interface Running {
  /** Hands an event, as it travels in that mode, to one function. */
  deliver(fn: string, event: CloudEvent, mode: Mode): Promise<Delivered>;
  /** Where a function takes events over HTTP. */
  urlOf(fn: string): Promise<string>;
  /** Tells the function's process to end, as Kubernetes does; answers its exit code. */
  terminate(fn: string): Promise<number>;
  stop(): Promise<void>;
}

/** For runtimes that are not asked over HTTP. */
export const noHttp = async (): Promise<never> => {
  throw new Error("this runtime has no URL");
};
