import { asArray, asObject, asString, type JsonObject, strings } from "../json.ts";
import { badRequest } from "../status-error.ts";
import type { Matches } from "./selectors.ts";

type Labels = Readonly<Record<string, string>>;
type Holds = (labels: Labels) => boolean;

/** A label selector as in a query: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Throws 400 for what is none. */
export function labelSelector(text: string): Matches {
  const requirements = new Parser(text).requirements();
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds(labels));
}

/** A label selector as in an object, of `matchLabels` and `matchExpressions`; an empty one selects everything. */
export function selectorOf({ matchLabels, matchExpressions }: JsonObject): Matches {
  const labels = Object.entries(asObject(matchLabels)).map(([key, value]) => `${key}=${asString(value)}`);
  return labelSelector([...labels, ...asArray(matchExpressions).map((each) => inWords(asObject(each)))].join(","));
}

function inWords({ key, operator, values }: JsonObject): string {
  const set = `(${strings(values).join(",")})`;
  switch (operator) {
    case "In":
      return `${asString(key)} in ${set}`;
    case "NotIn":
      return `${asString(key)} notin ${set}`;
    case "DoesNotExist":
      return `!${asString(key)}`;
    default:
      return asString(key);
  }
}

const symbols = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y;
const isWord = (token: string | undefined): token is string => token !== undefined && !/^[=!(),<>]/.test(token);
const operators = ["in", "notin", "=", "==", "!=", ">", "<"];

class Parser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = [...text.trim().matchAll(new RegExp(symbols, "g"))].map(([, token = ""]) => token);
  }

  requirements(): readonly Holds[] {
    const found: Holds[] = [];
    while (this.#peek() !== undefined) {
      if (!isWord(this.#peek()) && this.#peek() !== "!") throw this.#unexpected("!, identifier, or 'end of string'");
      found.push(this.#requirement());
      if (this.#peek() === undefined) break;
      if (this.#take() !== ",") throw this.#unexpected("',' or 'end of string'", -1);
      if (!isWord(this.#peek()) && this.#peek() !== "!") throw this.#unexpected("identifier after ','");
    }
    return found;
  }

  #requirement(): Holds {
    const isAbsent = this.#peek() === "!";
    if (isAbsent) this.#take();
    if (!isWord(this.#peek())) throw wrong(this.#found("identifier"));
    const key = this.#take() ?? "";
    if (this.#peek() === undefined || this.#peek() === ",") return (labels) => (labels[key] === undefined) === isAbsent;
    const operator = this.#peek() ?? "";
    if (!operators.includes(operator)) throw wrong(this.#found("in, notin, =, ==, !=, gt, lt"));
    this.#take();
    if (operator === "in" || operator === "notin") return within(key, this.#set(), operator === "in");
    return comparison(key, operator, this.#value());
  }

  #value(): string {
    if (this.#peek() === undefined || this.#peek() === ",") return "";
    if (!isWord(this.#peek())) throw wrong(this.#found("identifier"));
    return this.#take() ?? "";
  }

  #set(): ReadonlySet<string> {
    if (this.#peek() !== "(") throw wrong(`found '${this.#peek() ?? ""}' expected: '('`);
    this.#take();
    const values = [this.#member()];
    while (this.#peek() === ",") {
      this.#take();
      values.push(this.#member());
    }
    if (this.#peek() !== ")") throw wrong(this.#found("',' or ')'"));
    this.#take();
    return new Set(values);
  }

  #member(): string {
    return isWord(this.#peek()) ? (this.#take() ?? "") : "";
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next];
  }

  #take(): string | undefined {
    return this.#tokens[this.#next++];
  }

  #found(expected: string, offset = 0): string {
    return `found '${this.#tokens[this.#next + offset] ?? ""}', expected: ${expected}`;
  }

  #unexpected(expected: string, offset = 0): Error {
    return badRequest(this.#found(expected, offset));
  }
}

const wrong = (why: string) => badRequest(`unable to parse requirement: ${why}`);

function within(key: string, values: ReadonlySet<string>, isWanted: boolean): Holds {
  return (labels) => (labels[key] !== undefined && values.has(labels[key])) === isWanted;
}

function comparison(key: string, operator: string, value: string): Holds {
  if (operator === "!=") return (labels) => labels[key] !== value;
  if (operator !== ">" && operator !== "<") return (labels) => labels[key] === value;
  if (!/^[+-]?\d+$/.test(value)) {
    throw wrong(
      `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  const limit = Number(value);
  const isBeyond = (found: number) => (operator === ">" ? found > limit : found < limit);
  return ({ [key]: found = "" }) => /^[+-]?\d+$/.test(found) && isBeyond(Number(found));
}
