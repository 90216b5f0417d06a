import { asArray, isArray, isObject, type Json, shown } from "../json.ts";

/** Evaluates the JSONPath of a printer column, as `.status.conditions[?(@.type=="Ready")].status`. */
export function jsonPath(value: Json, path: string): readonly Json[] {
  let found: readonly Json[] = [value];
  for (const step of steps(path)) found = found.flatMap((each) => take(each, step));
  return found;
}

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly at: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly path: string; readonly operator: string; readonly value: string };

function steps(path: string): readonly Step[] {
  const pattern = /\.([A-Za-z0-9_\-/]+|\*)|\[(\d+|-\d+|\*|'[^']*'|"[^"]*"|\?\(.*?\))\]/g;
  return [...path.replace(/^\{|\}$/g, "").matchAll(pattern)].map(([, field, bracket = ""]): Step => {
    if (field === "*" || bracket === "*") return { kind: "all" };
    if (field !== undefined) return { kind: "field", name: field };
    if (/^-?\d+$/.test(bracket)) return { kind: "index", at: Number(bracket) };
    const [, inner = "", operator = "", value = ""] = /^\?\(@(.*?)\s*(==|!=)\s*["']?(.*?)["']?\)$/.exec(bracket) ?? [];
    if (operator) return { kind: "filter", path: inner, operator, value };
    return { kind: "field", name: bracket.slice(1, -1) };
  });
}

function take(value: Json, step: Step): readonly Json[] {
  switch (step.kind) {
    case "field":
      return isObject(value) && value[step.name] !== undefined ? [value[step.name] ?? null] : [];
    case "index":
      return isArray(value) ? value.slice(step.at, step.at === -1 ? undefined : step.at + 1) : [];
    case "all":
      return isArray(value) ? value : isObject(value) ? Object.values(value).flatMap((each) => each ?? []) : [];
    case "filter":
      return asArray(value).filter((item) => {
        const isSame = jsonPath(item, step.path).some((each) => shown(each) === step.value);
        return isSame === (step.operator === "==");
      });
  }
}
