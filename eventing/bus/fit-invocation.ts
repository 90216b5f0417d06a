import { encodeInvocation, type Invocation } from "../recording/invocation.ts";

/** Stands in a recording for what was too large to be kept. */
export interface LeftOut {
  /** Size as JSON, in characters. */
  readonly leftOut: number;
}
export const isLeftOut = (value: unknown): value is LeftOut =>
  typeof value === "object" && value !== null && "leftOut" in value && typeof value.leftOut === "number";

/** The recording as JSON of at most `maxBytes`, without its largest objects where it would be larger; `undefined` when
 *  it is too large even so. */
export function fitInvocation(invocation: Invocation, maxBytes: number): Uint8Array | undefined {
  const whole = encodeInvocation(invocation);
  if (whole.byteLength <= maxBytes) return whole;
  // A copy, cut from here on: what was recorded belongs to the function's world.
  const copy: unknown = JSON.parse(new TextDecoder().decode(whole));
  let bytes = whole.byteLength;
  for (const { holder, name, size } of objectsIn(copy)) {
    if (bytes <= maxBytes) break;
    const mark: LeftOut = { leftOut: size };
    holder[name] = mark;
    bytes -= size - JSON.stringify(mark).length;
  }
  const cut = encodeInvocation(copy as Invocation);
  return cut.byteLength <= maxBytes ? cut : undefined;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly name: string;
  readonly size: number;
}

/** Objects that were read, sent and answered, and the event's data; the largest first. */
function objectsIn(recording: unknown): readonly Place[] {
  const { event, reads, writes } = recording as Record<"event", Record<string, unknown>> &
    Record<"reads" | "writes", Record<string, unknown>[]>;
  const answers = reads.flatMap((read) => (Array.isArray(read.answer) ? placesIn(read.answer) : place(read, "answer")));
  const sent = writes.flatMap((write) => [...place(write, "body"), ...place(write, "answer")]);
  return [...place(event, "data"), ...answers, ...sent].sort((a, b) => b.size - a.size);
}

const placesIn = (list: unknown[]): Place[] =>
  list.flatMap((_, index) => place(list as unknown as Record<string, unknown>, String(index)));

function place(holder: Record<string, unknown>, name: string): Place[] {
  const value = holder[name];
  return value === undefined ? [] : [{ holder, name, size: JSON.stringify(value).length }];
}
