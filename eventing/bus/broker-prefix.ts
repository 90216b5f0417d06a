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

/** First part of all that is not an event: only events may lie below a Broker's prefix, since it hands on whatever does
 *  (decisions.md 4). */
export function workPrefixOf(prefix: string): string {
  const broker = brokerOf(prefix);
  return broker ? `account-functions-broker.${broker.namespace}.${broker.name}` : prefix;
}
