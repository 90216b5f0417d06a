import type { Json } from "../json.ts";
import type { Sink } from "./watches.ts";

/** What a request is answered with; refusals are thrown. */
export type Answer =
  | {
      readonly code: number;
      readonly body: Json;
      readonly warnings?: readonly string[];
      /** JSON unless given. */
      readonly contentType?: string;
    }
  | { readonly code: number; readonly text: string }
  | { readonly watch: (sink: () => Sink, onEnd: (end: () => void) => void) => void };
