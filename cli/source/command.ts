import { runSource } from "../../eventing/run-source.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";
import { productVersion } from "../version.ts";
import { sourceConfig } from "./config.ts";
import { sourceFlags } from "./flags.ts";

export default defineCommand({
  name: "source",
  summary: "Follow kcp and put its changes on a Knative Broker or a stream, without functions",
  description: `Lists and watches kcp and publishes each change as an event, for functions that run elsewhere: by Triggers of a
Knative Broker (pm manifests triggers), or by a pm run that reads the same stream. Nothing is dropped: an event counts as
published once the Broker answered 2xx, or NATS has stored it, and is tried again until then.
It also keeps the time for functions that want an event again later: with --function-url-template they post it to
/schedule/FUNCTION?afterMs=N (SCHEDULER_URL of pm serve), and get it when it is due.
Replicas stand by with --leader-elect. Give them --nats-url then: state in a folder is for one instance.`,
  options: sourceFlags,
  examples: [
    {
      run: "pm source --sink http://broker-ingress.knative-eventing.svc.cluster.local/account-functions/default --state-dir /var/lib/pm",
      does: "publishes to a Broker, with its state on a volume",
    },
    {
      run: "pm source --bus nats --nats-url nats://nats:4222 --nats-prefix account-functions.default._knative_broker --leader-elect",
      does: "publishes straight into the stream of the NatsJetStreamBroker account-functions/default",
    },
  ],
  async run({ options }, io) {
    const config = sourceConfig(options);
    await runSource(config, {
      log: logOf(config, io),
      version: await productVersion(),
      env: io.env,
      signal: io.signal,
    });
    return exit.ok;
  },
});
