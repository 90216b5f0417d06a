import { encodeInvocation, type Invocation } from "../recording/invocation.ts";
import type { RecordBounds } from "./archive.ts";

/** Stands in a recording for what was too large to be kept. */
export interface LeftOut {
  /** Size as JSON, in characters. */
  readonly leftOut: number;
}
export const isLeftOut = (value: unknown): value is LeftOut =>
  typeof value === "object" && value !== null && "leftOut" in value && typeof value.leftOut === "number";

/** Bytes that one recording may have: one must not push out all the others. */
export const largestRecording = (maxBytes: number, bounds: RecordBounds): number =>
  Math.min(maxBytes, Math.floor(bounds.maxBytes / 4));

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
  readonly holder: Holder;
  readonly name: string;
  readonly size: number;
}

/** Objects that were read, answered and sent, and the event's data; the largest first. */
function objectsIn(recording: unknown): readonly Place[] {
  const { event, objects, writes } = recording as { event: Holder; objects: unknown[]; writes: Holder[] };
  const answered = objects.map((_, index) => place(objects as unknown as Holder, String(index)));
  const sent = writes.filter(({ body }) => body !== undefined).map((write) => place(write, "body"));
  return [...(event.data === undefined ? [] : [place(event, "data")]), ...answered, ...sent].sort(
    (a, b) => b.size - a.size,
  );
}

type Holder = Record<string, unknown>;

const place = (holder: Holder, name: string): Place => ({ holder, name, size: JSON.stringify(holder[name]).length });
