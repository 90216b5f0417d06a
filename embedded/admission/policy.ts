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
  /** What of it is no expression, or the wrong one. */
  readonly causes: Cause[] = [];
  readonly #expressions = new Expressions();
  readonly #conditions: readonly Condition[];
  readonly #validations: readonly Validation[];

  /** `field` stands before the names of fields in causes. */
  constructor({ matchConditions, variables, validations }: JsonObject, field: string) {
    this.#conditions = asArray(matchConditions).map((each, index) => {
      const { expression } = asObject(each);
      const holds = this.#compile(`${field}matchConditions[${index}].expression`, expression, "bool");
      return { text: asString(expression), holds };
    });
    for (const [index, each] of asArray(variables).entries()) {
      this.#define(`${field}variables[${index}].expression`, asObject(each));
    }
    this.#validations = asArray(validations).map((each, index) =>
      this.#validation(`${field}validations[${index}]`, asObject(each)),
    );
  }

  #validation(field: string, { expression, message, messageExpression, reason }: JsonObject): Validation {
    return {
      text: asString(expression).trim(),
      holds: this.#compile(`${field}.expression`, expression, "bool"),
      message: asString(message).trim(),
      messageOf: messageExpression
        ? this.#compile(`${field}.messageExpression`, messageExpression, "string")
        : undefined,
      reason: asString(reason),
    };
  }

  /** What is no expression fails whoever asks. */
  #compile(field: string, value: Json | undefined, type: ResultType): Expression {
    try {
      return this.#expressions.compile(asString(value), type);
    } catch (error) {
      this.causes.push(invalidExpression(field, value, error));
      return () => {
        throw error;
      };
    }
  }

  #define(field: string, { name, expression }: JsonObject): void {
    try {
      this.#expressions.define(asString(name), asString(expression));
    } catch (error) {
      this.causes.push(invalidExpression(field, expression, error));
    }
  }

  /** Whether it is meant; throws ExpressionError when that cannot be told. One condition that does not hold is enough. */
  isMeant(given: Values): boolean {
    const values = this.#expressions.values(given);
    let failure: ExpressionError | undefined;
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
