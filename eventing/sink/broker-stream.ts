import type { JetStreamManager } from "@nats-io/jetstream";
import { messageOf } from "../../shared/kcp/errors.ts";
import { isStreamMissing } from "../bus/jetstream-stream.ts";

/** A Broker of class NatsJetStreamBroker, which owns its stream: we use it and never change it. */
export interface StreamOfBroker {
  readonly namespace: string;
  readonly name: string;
  readonly stream: string;
}

const pattern = /^([a-z0-9-]+)\.([a-z0-9-]+)\._knative_broker$/;

/** The Broker whose stream holds what is published below this prefix; `undefined` for any other prefix. */
export function brokerOf(prefix: string): StreamOfBroker | undefined {
  const [, namespace, name] = pattern.exec(prefix) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const part = (text: string) => text.replaceAll("-", "_").toUpperCase();
  return { namespace, name, stream: `KN_BROKER_${part(namespace)}__${part(name)}` };
}

/** When the Broker made its stream. Rejects, in words for people, when that is not there or takes no events of ours. */
export async function findBrokerStream(
  jsm: JetStreamManager,
  { namespace, name, stream }: StreamOfBroker,
  prefix: string,
): Promise<string> {
  const info = await jsm.streams.info(stream).catch((cause: unknown) => {
    const why = isStreamMissing(cause)
      ? `it makes it itself when it is of class NatsJetStreamBroker and Ready (kubectl get broker ${name} -n ${namespace})`
      : messageOf(cause);
    throw new Error(`there is no stream ${stream} of Broker ${namespace}/${name}: ${why}`, { cause });
  });
  const { subjects } = info.config;
  if (!subjects.some((subject) => subject === `${prefix}.>` || subject === ">")) {
    throw new Error(
      `stream ${stream} takes ${subjects.join(", ") || "nothing"}, not ${prefix}.>: is the prefix right?`,
    );
  }
  return info.created;
}
