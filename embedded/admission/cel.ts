import { Environment } from "@marcbachmann/cel-js";
import { isArray, isObject, type Json } from "../json.ts";

/** An expression that cannot be evaluated; the message says why, in few words. */
export class ExpressionError extends Error {
  override name = "ExpressionError";
}

/** What an expression is asked with, by name. */
export type Values = Readonly<Record<string, unknown>>;
export type Expression = (values: Values) => unknown;
export type ResultType = "bool" | "string";

class StringsLibrary {}

/** Kubernetes' environment, as far as there is a counterpart: not its libraries of URLs, quantities, IP addresses and
 *  formats, and no authorizer. */
const kubernetes = new Environment({ enableOptionalTypes: true, limits: { maxListElements: 10_000 } })
  .registerType("strings", { ctor: StringsLibrary, fields: {} })
  .registerConstant("strings", "strings", new StringsLibrary())
  .registerFunction("strings.quote(string): string", (_library: unknown, text: string) => JSON.stringify(text))
  .registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) =>
    text.replaceAll(from, () => to),
  )
  .registerVariable("object", "dyn")
  .registerVariable("oldObject", "dyn")
  .registerVariable("request", "dyn")
  .registerVariable("namespaceObject", "dyn");

/** Expressions of one policy, which share its variables. */
export class Expressions {
  #environment = kubernetes.clone();
  readonly #variables = new Map<string, Expression>();
  readonly #fields: Record<string, string> = {};
  readonly #Variables = class {};

  /** Throws ExpressionError for what is no expression, asks for what there is not, or gives something else. */
  compile(text: string, type?: ResultType): Expression {
    const { run, type: found } = this.#checked(text);
    if (type && found !== type) throw new ExpressionError(`must evaluate to ${type}`);
    return run;
  }

  /** Those that are compiled later may ask for it as `variables.<name>`; it is evaluated once it is asked for. */
  define(name: string, text: string): void {
    const { run, type } = this.#checked(text);
    this.#variables.set(name, run);
    this.#fields[name] = type;
    this.#environment = kubernetes
      .clone()
      .registerType("Variables", { ctor: this.#Variables, fields: { ...this.#fields } })
      .registerVariable("variables", "Variables");
  }

  /** What to evaluate them all with, for one write. */
  values(given: Values): Values {
    const values: Record<string, unknown> = { ...given };
    const variables = new this.#Variables();
    for (const [name, run] of this.#variables) {
      let known: { readonly value: unknown } | undefined;
      const get = () => {
        known ??= { value: run(values) };
        return known.value;
      };
      Object.defineProperty(variables, name, { enumerable: true, get });
    }
    values.variables = variables;
    return values;
  }

  #checked(text: string): { readonly run: Expression; readonly type: string } {
    const parsed = orExpressionError(() => this.#environment.parse(text));
    const { valid, type, error } = parsed.check();
    if (!valid) throw new ExpressionError(shortly(error), { cause: error });
    return { run: (values) => orExpressionError(() => parsed(values)), type: String(type) };
  }
}

function orExpressionError<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof ExpressionError ? cause : new ExpressionError(shortly(cause), { cause });
  }
}

/** The first line, without the excerpt of the expression below it, as CEL in Go begins it. */
function shortly(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/^No such key/, "no such key");
}

/** JSON as CEL sees it: whole numbers are integers there. */
export function celValue(json: Json | undefined): unknown {
  if (typeof json === "number") return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (isArray(json)) return json.map(celValue);
  if (!isObject(json)) return json ?? null;
  const entries = Object.entries(json).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, celValue(value)]));
}
