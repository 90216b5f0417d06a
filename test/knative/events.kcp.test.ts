import { afterAll, beforeAll } from "vitest";
import { startBackend } from "../backend.ts";
import type { TestKcp } from "../servers.ts";
import { knativeCases } from "./cases.ts";
import { type Installation, install } from "./installation.ts";

let kcp: TestKcp | undefined;
let installation: Installation | undefined;
const running = (): Installation => {
  if (!installation) throw new Error("the servers did not start");
  return installation;
};

beforeAll(async () => {
  kcp = await startBackend();
  installation = await install({ kind: "mt", kcp });
}, 600_000);
afterAll(async () => {
  await installation?.stop();
  await kcp?.stop();
});

knativeCases(running);
