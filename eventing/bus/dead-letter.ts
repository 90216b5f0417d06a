import type { CloudEvent } from "../../shared/event.ts";
import type { Failure } from "./bus.ts";

/** An event that a function could not handle, with the attributes that Knative adds. */
export interface DeadLetter extends CloudEvent {
  /** The function. */
  readonly knativeerrordest: string;
  readonly knativeerrorcode: string;
  /** The reason, at most 1,024 characters. */
  readonly knativeerrordata: string;
  /** How often it was delivered. */
  readonly deliveryattempts: string;
  /** Version of the product whose function gave up. */
  readonly functionversion?: string;
}

export interface Refusal extends Failure {
  readonly function: string;
  readonly attempt: number;
  readonly version: string | undefined;
}

export function deadLetter(event: CloudEvent, refusal: Refusal): DeadLetter {
  return {
    ...event,
    knativeerrordest: refusal.function,
    knativeerrorcode: String(refusal.code),
    knativeerrordata: refusal.reason.slice(0, 1024),
    deliveryattempts: String(refusal.attempt),
    ...(refusal.version !== undefined && { functionversion: refusal.version }),
  };
}

/** The event as it was before it became a dead letter. */
export function revived(letter: CloudEvent): CloudEvent {
  const { knativeerrordest, knativeerrorcode, knativeerrordata, deliveryattempts, functionversion, ...event } =
    letter as DeadLetter;
  return event;
}

/** Where on the bus a message was found that is no event. */
export interface Origin {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
}
/** As much of a malformed message as is kept beside its origin, in bytes. */
const excerpt = 64 * 1024;

const malformedType = "io.platform-mesh.eventing.malformed";
/** The dead letter holds a message that was no event. */
export const isMalformed = ({ type }: CloudEvent): boolean => type === malformedType;

/** Stands for a message that is no CloudEvent, so that it can be listed among the dead letters. */
export function malformed({ stream, sequence, subject }: Origin, body: Uint8Array): CloudEvent {
  return {
    specversion: "1.0",
    id: `${stream}/${sequence}`,
    type: malformedType,
    source: `/bus/${stream}`,
    subject,
    datacontenttype: "application/octet-stream",
    data: body.subarray(0, excerpt),
  };
}
