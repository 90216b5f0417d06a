import { brokerClass, brokerFor } from "../../eventing/knative/broker.ts";
import { sinkBindingFor } from "../../eventing/knative/sink-binding.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { destinationOf, manifestFlags } from "./flags.ts";
import { printManifests } from "./print.ts";

const where = "pm manifests broker";

export default defineCommand({
  name: "manifests broker",
  summary: "The Knative Broker that the functions of an installation are triggered by",
  description:
    "Prints the Broker for kubectl apply -f -, and with --source what binds the source to it. The chart makes the same.",
  options: {
    ...manifestFlags,
    "broker-class": {
      type: "string",
      description: `who serves it, as ${Object.values(brokerClass).join(" or ")}; the cluster's default without`,
    },
    "broker-config": {
      type: "string",
      description: "object with the settings of that class, APIVERSION:KIND:NAME as v1:ConfigMap:config-br-default",
    },
    source: {
      type: "string",
      description: "Deployment of pm source: a SinkBinding gives it the Broker's URL as K_SINK",
    },
  },
  examples: [
    { run: "pm manifests broker --broker-class NatsJetStreamBroker | kubectl apply -f -", does: "makes the Broker" },
  ],
  async run({ options }, io) {
    const { namespace, release, broker: name, output } = options;
    const { "broker-class": className, "broker-config": config, "dead-letter-sink": sink } = options;
    const ref = config === undefined ? undefined : destinationOf(config, "broker-config", where).ref;
    const broker = brokerFor({
      ...{ name, namespace, release },
      ...(className && { class: className }),
      ...(ref && { config: { ...ref, namespace: ref.namespace ?? namespace } }),
      ...(sink && { deadLetterSink: destinationOf(sink, "dead-letter-sink", where) }),
    });
    const binding = options.source && sinkBindingFor({ release, namespace, broker: name, deployment: options.source });
    printManifests(io, output, [broker, ...(binding ? [binding] : [])]);
    return exit.ok;
  },
});
