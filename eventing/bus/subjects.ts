import { type CloudEvent, type Filter, resource } from "../../shared/event.ts";
import { brokerOf, workPrefixOf } from "./broker-prefix.ts";

/** Consumers of one function share the accounts among them; an account is always in the same partition. */
export const partitions = 16;

/** What keeps its order on the bus: the account, or else the object that the event is about. */
export function orderKey({ accountkey, source, subject }: CloudEvent): string {
  return accountkey ?? `${source} ${subject ?? ""}`;
}

/** FNV-1a: cheap, and well spread over short keys. Stored positions depend on it, so it never changes. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % partitions;
}

/** Names of what a bus makes on the server. */
export function namesOf(prefix: string): {
  readonly events: string;
  readonly recordings: string;
  readonly checkpoint: string;
} {
  const events = workPrefixOf(prefix).replace(/[^A-Za-z0-9_-]/g, "_");
  return { events, recordings: `${events}-invocations`, checkpoint: `${events}_checkpoint` };
}

export interface Subjects {
  /** Of the stream of events and work; without the events where those lie in a Broker's stream. */
  readonly all: readonly string[];
  readonly events: string;
  event(event: CloudEvent): string;
  /** What the consumer of a function and partition takes, without overlaps, which the server refuses. */
  consumed(functionName: string, on: readonly Filter[], partition: number): string[];
  retry(functionName: string, partition: number): string;
  /** Where the copy waits that comes to the retry subject later; each subject holds one. */
  later(functionName: string, partition: number, message: string): string;
  deadLetters(functionName?: string): string;
  readonly recordings: string;
  /** Where the recording of what one function did with one event goes: beside the history, never in it. */
  recording(event: CloudEvent, functionName: string): string;
  /** Those of one account, of one function, or all; of an account, others of its partition too. */
  recordingsOf(accountkey?: string, functionName?: string): string;
}

/** decisions.md 4. */
export function subjectsOf(prefix: string): Subjects {
  const work = workPrefixOf(prefix);
  const retry = (functionName: string, partition: number) => `${work}.retry.${token(functionName)}.${partition}`;
  return {
    all: [...(brokerOf(prefix) ? [] : [`${prefix}.ev.>`]), `${work}.retry.>`, `${work}.dlq.>`],
    events: `${prefix}.ev.>`,
    event(event) {
      const [family, verb] = familyAndVerb(event.type, token(event.kind ?? ""));
      return `${prefix}.ev.${partitionOf(orderKey(event))}.${family}.${verb}`;
    },
    consumed(functionName, on, partition) {
      const wanted = on.map(({ type, kind }) => familyAndVerb(type, kind === undefined ? "*" : token(kind)));
      const anyFamily = new Set(wanted.filter(([family]) => family === "*").map(([, verb]) => verb));
      const subjects = wanted
        .filter(([family, verb]) => family === "*" || !anyFamily.has(verb))
        .map(([family, verb]) => `${prefix}.ev.${partition}.${family}.${verb}`);
      return [...new Set(subjects), retry(functionName, partition)];
    },
    retry,
    later: (functionName, partition, message) => `${retry(functionName, partition)}.${message}`,
    deadLetters: (functionName) => `${work}.dlq.${functionName === undefined ? "*" : token(functionName)}`,
    recordings: `${work}.inv.>`,
    recording: (event, functionName) => `${work}.inv.${partitionOf(orderKey(event))}.${token(functionName)}`,
    recordingsOf(accountkey, functionName) {
      const partition = accountkey === undefined ? "*" : partitionOf(accountkey);
      return `${work}.inv.${partition}.${functionName === undefined ? "*" : token(functionName)}`;
    },
  };
}

const forwarded = resource.add.slice(0, resource.add.lastIndexOf("."));

/** A forwarded event is told apart by its kind, any other by its type up to the last dot. */
function familyAndVerb(type: string, kind: string): readonly [family: string, verb: string] {
  const dot = type.lastIndexOf(".");
  const family = type.slice(0, Math.max(dot, 0));
  return [family === forwarded ? kind : token(family), token(type.slice(dot + 1))];
}

/** Not reversible, and need not be: the dispatcher compares the attributes themselves. */
const token = (text: string): string => text.replace(/[^A-Za-z0-9-]/g, "_") || "_";
