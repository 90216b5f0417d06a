import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { celList, celText } from "./cel-literal.ts";

const evaluated = (expression: string): unknown => new Environment().evaluate(expression, {});
// Half a surrogate pair is no text that a command line could bring.
const text = fc.string({ unit: "grapheme" }).filter((each) => each.isWellFormed());

test("a text is the same in an expression, whatever it holds", () => {
  const sameText = fc.property(text, (given) => {
    expect(evaluated(celText(given))).toBe(given);
  });
  const sameList = fc.property(fc.array(text), (given) => {
    expect(evaluated(celList(given))).toEqual(given);
  });
  fc.assert(sameText);
  fc.assert(sameList);
});

test.each(['"] || true || ["', "\\", '\\"', "a\nb", "\u2028", "{{accountTypes}}", "é", "🙂"])(
  "%j cannot leave its quotes",
  (given) => {
    expect(evaluated(celText(given))).toBe(given);
    expect(celText(given)).toMatch(/^"([ !#-[\]-~]|\\.)*"$/);
  },
);
