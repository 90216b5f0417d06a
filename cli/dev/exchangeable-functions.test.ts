import { expect, test } from "vitest";
import type { Dispatcher } from "../../eventing/dispatcher.ts";
import { ExchangeableFunctions } from "./exchangeable-functions.ts";
import type { Dispatch } from "./load-functions.ts";

function versions() {
  const told: string[] = [];
  const version = (name: string): Dispatch => {
    const note = (what: string) => void told.push(`${name} ${what}`);
    const dispatcher: Dispatcher = { start: async () => note("starts"), drain: async () => note("ends") };
    return () => dispatcher;
  };
  const broken: Dispatch = () => {
    throw new Error("broken");
  };
  return { told, version, broken };
}
// What is handed on is not looked at.
const work = [] as unknown as Parameters<Dispatch>;

test("newer functions start once the older have ended", async () => {
  const { told, version } = versions();
  const functions = new ExchangeableFunctions(version("first"));
  const dispatcher = functions.dispatch(...work);
  await dispatcher.start();
  await functions.exchange(version("second"));
  await dispatcher.drain(0);
  expect(told).toEqual(["first starts", "first ends", "second starts", "second ends"]);
});

test("functions that cannot be made leave the older at work", async () => {
  const { told, version, broken } = versions();
  const functions = new ExchangeableFunctions(version("first"));
  const dispatcher = functions.dispatch(...work);
  await dispatcher.start();
  await expect(functions.exchange(broken)).rejects.toThrow("broken");
  await dispatcher.drain(0);
  expect(told).toEqual(["first starts", "first ends"]);
});

test("what is exchanged before the start is what starts, and after the end nothing starts", async () => {
  const { told, version } = versions();
  const functions = new ExchangeableFunctions(version("first"));
  await functions.exchange(version("second"));
  const dispatcher = functions.dispatch(...work);
  await dispatcher.start();
  await dispatcher.drain(0);
  await functions.exchange(version("third"));
  expect(told).toEqual(["second starts", "second ends"]);
});
