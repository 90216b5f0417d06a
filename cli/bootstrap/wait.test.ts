import { expect, test } from "vitest";
import { ApiError } from "../../shared/kcp/client.ts";
import { UnreachableError as NoAnswer } from "../../shared/kcp/errors.ts";
import { CliError, UnreachableError } from "../errors.ts";
import { waitUntil } from "./wait.ts";

/** A clock that moves by 5 s whenever somebody looks at it. */
function clock() {
  let now = 0;
  return () => {
    now += 5000;
    return now;
  };
}
const options = (limitMs = 60_000) => ({
  ...{ limitMs, next: "try again" },
  io: { now: clock(), signal: new AbortController().signal, stderr: { write: () => true } },
});
const refusal = (code: number) => new ApiError("not now", { code, reason: "" });
const failing = (error: Error) => async () => {
  throw error;
};

test("a refusal that passes is waited for", async () => {
  const answers = [refusal(409), refusal(403), "almost", undefined];
  const look = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  await waitUntil("it", look, options());
  expect(answers).toEqual([]);
});

test("one that is repeated for 10 s is final, and says what and why", async () => {
  const refused = waitUntil("the export", failing(refusal(403)), options());
  await expect(refused).rejects.toThrow(CliError);
  await expect(refused).rejects.toMatchObject({
    message: "the export is not ready after 15 s",
    where: "the export",
    why: "not now",
    next: "try again",
  });
});

test("what cannot pass is thrown as it is, at once", async () => {
  const invalid = refusal(422);
  await expect(waitUntil("it", failing(invalid), options())).rejects.toBe(invalid);
});

test("a server that does not answer is told as one", async () => {
  await expect(waitUntil("it", failing(new NoAnswer("no answer")), options())).rejects.toThrow(UnreachableError);
});
