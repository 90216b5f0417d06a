import type { JetStreamManager } from "@nats-io/jetstream";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { StreamOfBroker } from "./broker-prefix.ts";
import { isStreamMissing } from "./jetstream-stream.ts";

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
