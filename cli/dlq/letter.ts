import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { type DeadLetter, isMalformed, revived } from "../../eventing/bus/dead-letter.ts";
import { eventToJson } from "../../eventing/bus/stored-json.ts";
import { parseKey } from "../../shared/account-key.ts";
import type { CloudEvent } from "../../shared/event.ts";

/** A dead letter as commands show it. */
export interface Letter {
  readonly sequence: number;
  /** Function that gave up. */
  readonly function: string;
  /** Version of the product at that time, where it is known. */
  readonly version: string | undefined;
  /** Path of the account where it is known, else its key. */
  readonly account: string | undefined;
  readonly code: string;
  readonly reason: string;
  readonly attempts: string;
  /** False for a message that was no event: it can only be looked at and dropped. */
  readonly isEvent: boolean;
  /** As it was before. */
  readonly event: CloudEvent;
}

export function letterOf({ sequence, event }: StoredEvent): Letter {
  const letter = event as DeadLetter;
  return {
    sequence,
    function: letter.knativeerrordest,
    version: letter.functionversion,
    account: accountOf(event),
    code: letter.knativeerrorcode,
    reason: letter.knativeerrordata,
    attempts: letter.deliveryattempts,
    isEvent: !isMalformed(event),
    event: revived(event),
  };
}

/** Bytes in the event's data as base64. */
export const letterToJson = (letter: Letter): object => ({ ...letter, event: JSON.parse(eventToJson(letter.event)) });

/** Events tell the place of their object: beside the Account, or in the account's own workspace. */
function accountOf({ accountkey, kcpcluster, kcppath }: CloudEvent): string | undefined {
  const key = parseKey(accountkey ?? "");
  if (!key || kcppath === undefined) return kcppath ?? accountkey;
  if (kcpcluster === key.cluster) return `${kcppath}:${key.name}`;
  return kcppath.endsWith(`:${key.name}`) ? kcppath : accountkey;
}
