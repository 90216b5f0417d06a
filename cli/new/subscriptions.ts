import { fact, type resource } from "../../shared/event.ts";
import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { UsageError } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** What a new function takes: changes of one kind of object, or one fact of another function. */
export type Subscription =
  | { readonly kind: Kind; readonly verb: keyof typeof resource }
  | { readonly fact: keyof typeof fact };

/** Subscriptions by kinds, as `Workspace`, and by types of facts, as `io.platform-mesh.account.ready` or `ready` for
 *  short. Throws UsageError. */
export function subscriptionsOf(words: readonly string[]): readonly Subscription[] {
  return [...new Set(words)].flatMap((word): readonly Subscription[] => {
    const kind = Object.keys(kinds).find((name): name is Kind => name === word);
    if (kind)
      return [
        { kind, verb: "add" },
        { kind, verb: "update" },
      ];
    const found = facts.find(({ type, short }) => type === word || short === word);
    if (found) return [{ fact: found.name }];
    throw unknown(word);
  });
}

const facts = (Object.keys(fact) as (keyof typeof fact)[]).map((name) => {
  const type = fact[name];
  return { name, type, short: type.slice(type.lastIndexOf(".") + 1) };
});

function unknown(word: string): UsageError {
  const known = [...Object.keys(kinds), ...facts.map(({ short }) => short)];
  const near = nearest(word, known);
  return new UsageError(`--on: "${word}" is neither a kind nor a fact${near ? `; did you mean ${near}?` : ""}`, {
    why: "functions are woken by changes of objects that the source watches, and by facts of other functions",
    next: `take some of ${known.join(", ")}`,
  });
}
