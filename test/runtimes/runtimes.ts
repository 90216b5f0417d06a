import { inProcess } from "./in-process.ts";
import { ownProcess } from "./own-process.ts";
import type { Runtime } from "./runtime.ts";
import { bundle, faas, pmServe } from "./served.ts";

/** Every way to run a function; each is a column of docs/runtimes.md. */
export const runtimes: readonly Runtime[] = [inProcess, ownProcess, pmServe, bundle, faas];
