import { asString, at } from "../json.ts";
import type { Obj } from "../object.ts";
import { badRequest } from "../status-error.ts";

export type Matches = (object: Obj) => boolean;

/** A label selector as in a query: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
export function labelSelector(text: string): Matches {
  const requirements = split(text).map(requirement);
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds(labels));
}

type Labels = Readonly<Record<string, string>>;

function requirement(text: string): (labels: Labels) => boolean {
  const trimmed = text.trim();
  const inSet = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(trimmed);
  if (inSet) {
    const [, key = "", operator, values = ""] = inSet;
    const set = new Set(values.split(",").map((value) => value.trim()));
    const isIn = (labels: Labels) => labels[key] !== undefined && set.has(labels[key]);
    return operator === "in" ? isIn : (labels) => !isIn(labels);
  }
  const [, absent, only] = /^(!?)\s*([A-Za-z0-9][A-Za-z0-9./_-]*)$/.exec(trimmed) ?? [];
  if (only) return (labels) => (labels[only] === undefined) === (absent === "!");
  const [, key, operator, value = ""] = /^([^\s=!<>]+)\s*(==|=|!=)\s*(\S*)$/.exec(trimmed) ?? [];
  if (!key) {
    const found = trimmed.split(/\s+/)[1] ?? "";
    throw badRequest(`unable to parse requirement: found '${found}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
}

/** Commas inside parentheses belong to a set. */
const split = (text: string): readonly string[] => text.split(/,(?![^(]*\))/).filter((part) => part.trim());

/** A field selector; only name and namespace can be selected, and of Events what they are about. */
export function fieldSelector(text: string, kind: string): Matches {
  const requirements = text
    .split(",")
    .filter(Boolean)
    .map((part) => {
      const [, field = "", operator, value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
      if (!operator) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      if (!selectable(field, kind)) throw badRequest(`field label not supported: ${field}`);
      const path = field.split(".");
      return (object: Obj) => (asString(at(object, ...path)) === value) === (operator !== "!=");
    });
  return (object) => requirements.every((holds) => holds(object));
}

function selectable(field: string, kind: string): boolean {
  if (field === "metadata.name" || field === "metadata.namespace") return true;
  if (kind === "Event") return /^(involvedObject\.\w+|reason|type|source|reportingComponent)$/.test(field);
  if (kind === "Secret") return field === "type";
  return kind === "Namespace" && field === "status.phase";
}
