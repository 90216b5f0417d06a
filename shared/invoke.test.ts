import { expect, test } from "vitest";
import { steps } from "../functions/steps.ts";
import { FakeKcp, orgsCluster } from "../test/fake-kcp.ts";
import { forwarded, startOfTime } from "../test/run-functions.ts";
import { defineFunction, drop, TerminalError } from "./function.ts";
import { createInvoke } from "./invoke.ts";
import type { Pass } from "./pass.ts";
import { defaultSettings } from "./settings.ts";

const ignore = () => {};
const ctx = (attempt: number) => ({
  now: () => startOfTime,
  signal: new AbortController().signal,
  attempt,
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
});
const failing = (error: Error) =>
  defineFunction<Pick<Pass, "worldOf">>({
    name: "failing",
    on: [],
    steps: steps.slice(0, 1),
    async handle(event, deps) {
      if (await deps.worldOf(event)) throw error;
      return drop("no Account");
    },
  });

test.each<[string, Error, number, string | undefined]>([
  ["what can never succeed is shown at once", new TerminalError("no such type"), 1, "no such type"],
  ["what may pass is not shown at first", new Error("busy"), 1, undefined],
  ["what lasts is shown", new Error("busy"), 3, "busy"],
])("functions-and-events 5: %s, in the status of the Account", async (_, error, attempt, message) => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  const invoke = createInvoke({ backend: kcp, settings: defaultSettings, steps });
  const event = forwarded("Account", `${orgsCluster}/acme`);
  await expect(invoke(failing(error), event, ctx(attempt))).rejects.toThrow(error);
  const account = await kcp.reader.get("Account", orgsCluster, "acme");
  const shown = account?.status?.conditions?.find(({ reason }) => reason === "Error");
  expect(shown?.message).toBe(message);
});
