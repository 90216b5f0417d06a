import { afterAll, beforeAll, describe } from "vitest";
import { startEmbedded, startNats, type TestKcp, type TestServer } from "../servers.ts";
import { knativeCases } from "./cases.ts";
import { type Installation, install } from "./installation.ts";

// What is between kcp and the functions is the subject here, and NATS is the real one; kcp itself has a file of its own.
describe.each([
  { toStream: false, how: "by way of the ingress" },
  { toStream: true, how: "straight into its stream" },
])("a Broker on NATS, where the source publishes $how", ({ toStream }) => {
  let kcp: TestKcp | undefined;
  let nats: TestServer | undefined;
  let installation: Installation | undefined;
  const running = (): Installation => {
    if (!installation) throw new Error("the servers did not start");
    return installation;
  };

  beforeAll(async () => {
    [kcp, nats] = await Promise.all([startEmbedded(), startNats()]);
    installation = await install({ kind: "nats", kcp, nats, toStream });
  }, 600_000);
  afterAll(async () => {
    await installation?.stop();
    await Promise.all([kcp?.stop(), nats?.stop()]);
  });

  knativeCases(running);
});
