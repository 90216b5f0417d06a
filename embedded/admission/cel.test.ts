import { expect, test } from "vitest";
import { celValue, ExpressionError, Expressions } from "./cel.ts";

const evaluate = (text: string, values: object = {}) => new Expressions().compile(text)({ oldObject: null, ...values });

test.each<[string, unknown]>([
  ["object.whole == 3 && object.whole > 2.5 && type(object.whole) == int", true],
  ["object.half == 1.5", true],
  ["object.list.exists(each, each.startsWith('b')) && 'a' in object.list", true],
  ["object.?none.orValue('there is none')", "there is none"],
  ["has(object.none) || oldObject != null", false],
  ["strings.quote('a\\\"b\\n')", '"a\\"b\\n"'],
  ["'a.b.c'.replace('.', '$&')", "a$&b$&c"],
])("%s", (text, expected) => {
  expect(evaluate(text, { object: celValue({ whole: 3, half: 1.5, list: ["a", "b"] }) })).toEqual(expected);
});

test.each([
  ["1 +", "Unexpected"],
  ["quantity('1') == 1", "found no matching overload"],
  ["authorizer != null", "authorizer"],
])("%s is no expression here", (text, why) => {
  expect(() => evaluate(text)).toThrow(ExpressionError);
  expect(() => evaluate(text)).toThrow(why);
});

test("an expression gives what it is asked for", () => {
  expect(() => new Expressions().compile("'text'", "bool")).toThrow("must evaluate to bool");
  expect(() => evaluate("object.none == 1", { object: {} })).toThrow(new ExpressionError("no such key: none"));
});

test("a variable is evaluated where it is asked for, once, and may ask for those before it", () => {
  const expressions = new Expressions();
  expressions.define("name", "object.name");
  expressions.define("isLong", "size(variables.name) > 3");
  const asked = (text: string): number => {
    let times = 0;
    const object = {
      get name() {
        times++;
        return "acme";
      },
    };
    expect(expressions.compile(text, "bool")(expressions.values({ object }))).toBe(true);
    return times;
  };
  expect(asked("true || variables.isLong")).toBe(0);
  expect(asked("variables.isLong && variables.isLong && variables.name == 'acme'")).toBe(asked("variables.isLong"));
  expect(() => expressions.compile("variables.other == 1")).toThrow("no such key: other");
});
