import type { CloudEvent } from "../../shared/event.ts";
import type { Attributes, FilterExpression, TriggerSpec } from "./objects.ts";

/** Whether a Trigger wants an event. `filters` go before `filter`; without both it wants everything. */
export function wants({ filter, filters }: Pick<TriggerSpec, "filter" | "filters">, event: CloudEvent): boolean {
  const attributes = attributesOf(event);
  if (filters && filters.length > 0) return filters.every((expression) => holds(expression, attributes));
  return Object.entries(filter?.attributes ?? {}).every(([name, value]) => {
    const present = attributes.get(name);
    // The empty text stands for any value, though not for none.
    return present !== undefined && (value === "" || present === value);
  });
}

/** Throws, in words for people, for what the double does not know how to evaluate. */
export function checkFilters(filters: readonly FilterExpression[] = []): void {
  for (const expression of filters) {
    if ("cesql" in expression)
      throw new Error("this double does not evaluate cesql: use exact, prefix, suffix, all, any or not");
    if ("all" in expression) checkFilters(expression.all);
    else if ("any" in expression) checkFilters(expression.any);
    else if ("not" in expression) checkFilters([expression.not]);
  }
}

function holds(expression: FilterExpression, attributes: ReadonlyMap<string, string>): boolean {
  if ("exact" in expression) return each(expression.exact, attributes, (present, value) => present === value);
  if ("prefix" in expression) return each(expression.prefix, attributes, (present, value) => present.startsWith(value));
  if ("suffix" in expression) return each(expression.suffix, attributes, (present, value) => present.endsWith(value));
  if ("all" in expression) return expression.all.every((inner) => holds(inner, attributes));
  if ("any" in expression) return expression.any.some((inner) => holds(inner, attributes));
  if ("not" in expression) return !holds(expression.not, attributes);
  return false;
}

function each(
  wanted: Attributes,
  attributes: ReadonlyMap<string, string>,
  compare: (present: string, value: string) => boolean,
): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const present = attributes.get(name);
    return present !== undefined && compare(present, value);
  });
}

function attributesOf({ data, ...attributes }: CloudEvent): ReadonlyMap<string, string> {
  return new Map(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
}
