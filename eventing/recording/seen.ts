import { type Kind, kinds, type Resource } from "../../shared/kcp/kinds.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { Answers } from "./answers.ts";
import type { Invocation, ObjectAt, RecordedRead } from "./invocation.ts";

/** What a question was answered with; `times` is 0 for what was not asked for but came as the answer to a write. */
export type Seen = Pick<RecordedRead, "turn" | "times" | "error"> & { readonly answer: readonly KubeObject[] };

interface Question {
  readonly verb: RecordedRead["verb"];
  readonly kind: Kind;
  readonly cluster: string;
  readonly name?: string;
}
export const keyOf = ({ verb, kind, cluster, name = "" }: Question): string => [verb, kind, cluster, name].join(" ");

/** All that a function saw, by question (keyOf). */
export function seenIn(recording: Invocation): ReadonlyMap<string, Answers<Seen>> {
  const byKey = new Map<string, Seen[]>();
  const add = (key: string, seen: Seen) => byKey.set(key, [...(byKey.get(key) ?? []), seen]);
  for (const read of recording.reads) {
    if (read.verb === "refresh") continue;
    const places = read.verb === "list" ? read.answer : read.answer !== undefined && [read.answer];
    add(keyOf(read), { ...read, answer: (places || []).map((place) => objectAt(recording, place)) });
  }
  for (const { resource, target, turn, answer } of recording.writes) {
    const kind = kindOf(resource);
    if (!kind || answer === undefined) continue;
    add(keyOf({ verb: "get", kind, ...target }), { turn: turn + 1, times: 0, answer: [objectAt(recording, answer)] });
  }
  // Of a turn what was answered to the write comes first: what was read then is newer.
  for (const seen of byKey.values()) seen.sort((a, b) => a.turn - b.turn || Math.sign(a.times) - Math.sign(b.times));
  return new Map([...byKey].map(([key, seen]) => [key, new Answers(seen)]));
}

export const objectAt = ({ event, objects }: Invocation, place: ObjectAt): KubeObject =>
  (place === "event" ? event.data : objects[place]) as KubeObject;

/** `undefined` for what is none of ours. */
export function kindOf({ group, plural }: Resource): Kind | undefined {
  const all = Object.keys(kinds) as Kind[];
  return all.find((kind) => kinds[kind].plural === plural && kinds[kind].group === group);
}
