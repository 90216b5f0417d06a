import { asArray, asObject, asString, type Json, type JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";
import type { Cause } from "../status-error.ts";
import { type Expression, ExpressionError, Expressions, type ResultType, type Values } from "./cel.ts";

/** What a policy says against one write. */
export interface Denial {
  readonly message: string;
  /** "" for the usual one. */
  readonly reason: string;
}

interface Validation {
  readonly text: string;
  readonly holds: Expression;
  readonly message: string;
  readonly messageOf: Expression | undefined;
  readonly reason: string;
}
interface Condition {
  readonly text: string;
  readonly holds: Expression;
}

/** A ValidatingAdmissionPolicy that was compiled, or the matchConditions of a webhook. */
export class Policy {
  readonly #expressions = new Expressions();
  readonly #conditions: readonly Condition[];
  readonly #validations: readonly Validation[];
  /** What of it is no expression, or the wrong one. */
  readonly causes: readonly Cause[];

  constructor(spec: JsonObject, field: string) {
    const causes: Cause[] = [];
    const compiled = (path: string, value: Json | undefined, type?: ResultType): Expression => {
      try {
        return this.#expressions.compile(asString(value), type);
      } catch (error) {
        causes.push(invalidExpression(path, value, error));
        return () => {
          throw error;
        };
      }
    };
    this.#conditions = asArray(spec.matchConditions).map((each, index) => {
      const { expression } = asObject(each);
      return {
        text: asString(expression),
        holds: compiled(`${field}matchConditions[${index}].expression`, expression, "bool"),
      };
    });
    for (const [index, each] of asArray(spec.variables).entries()) {
      const { name, expression } = asObject(each);
      try {
        this.#expressions.define(asString(name), asString(expression));
      } catch (error) {
        causes.push(invalidExpression(`${field}variables[${index}].expression`, expression, error));
      }
    }
    this.#validations = asArray(spec.validations).map((each, index) => {
      const { expression, message, messageExpression, reason } = asObject(each);
      const path = `${field}validations[${index}]`;
      return {
        text: asString(expression).trim(),
        holds: compiled(`${path}.expression`, expression, "bool"),
        message: asString(message).trim(),
        messageOf: messageExpression ? compiled(`${path}.messageExpression`, messageExpression, "string") : undefined,
        reason: asString(reason),
      };
    });
    this.causes = causes;
  }

  /** Whether it is meant; throws ExpressionError when that cannot be told. One condition that does not hold is enough. */
  isMeant(given: Values): boolean {
    const values = this.#expressions.values(given);
    let failure: unknown;
    for (const { text, holds } of this.#conditions) {
      try {
        if (holds(values) !== true) return false;
      } catch (error) {
        failure ??= resulted(text, error);
      }
    }
    if (failure) throw failure;
    return true;
  }

  /** What it says against a write that it is meant for. */
  denials(given: Values, mayFail: boolean): readonly Denial[] {
    const values = this.#expressions.values(given);
    return this.#validations.flatMap((validation): readonly Denial[] => {
      try {
        if (validation.holds(values) === true) return [];
      } catch (error) {
        return mayFail ? [] : [{ message: resulted(validation.text, error).message, reason: "" }];
      }
      return [{ message: wordsOf(validation, values), reason: validation.reason }];
    });
  }
}

const compiled = new WeakMap<Obj, Policy>();

/** A stored object never changes: another version is another object. */
export function policyOf(object: Obj): Policy {
  const known = compiled.get(object) ?? new Policy(asObject(object.spec), "spec.");
  compiled.set(object, known);
  return known;
}

/** A message that is an expression, if it gives one line of text. */
function wordsOf({ text, message, messageOf }: Validation, values: Values): string {
  const plain = message || `failed expression: ${text}`;
  if (!messageOf) return plain;
  try {
    const told = messageOf(values);
    return typeof told === "string" && told.trim() !== "" && !/[\r\n]/.test(told) ? told.trim() : plain;
  } catch (error) {
    if (error instanceof ExpressionError) return plain;
    throw error;
  }
}

const resulted = (text: string, error: unknown): ExpressionError =>
  new ExpressionError(`expression '${text}' resulted in error: ${error instanceof Error ? error.message : error}`, {
    cause: error,
  });

function invalidExpression(field: string, value: Json | undefined, error: unknown): Cause {
  if (!(error instanceof ExpressionError)) throw error;
  const why = error.message.startsWith("must ") ? error.message : `compilation failed: ERROR: ${error.message}`;
  return {
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value ?? "")}: ${why}`,
    field,
  };
}
