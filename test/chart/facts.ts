import { z } from "zod";
import type { ChartObject } from "./helm.ts";

const text = z.record(z.string(), z.string()).default({});
const probe = z.looseObject({}).optional();
const volume = z.looseObject({ name: z.string(), secret: z.looseObject({ secretName: z.string() }).optional() });
const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  imagePullPolicy: z.string(),
  resources: z.looseObject({}),
  securityContext: z.looseObject({}),
  args: z.array(z.string()),
  env: z.array(z.looseObject({ name: z.string(), value: z.string() })).default([]),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number(), protocol: z.string() })),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
});
const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ annotations: text }),
  spec: z.looseObject({
    replicas: z.number(),
    revisionHistoryLimit: z.number(),
    selector: z.looseObject({ matchLabels: text }),
    template: z.looseObject({
      metadata: z.looseObject({ labels: text }),
      spec: z.looseObject({
        serviceAccountName: z.string(),
        automountServiceAccountToken: z.boolean(),
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.looseObject({}),
        containers: z.tuple([container]),
        volumes: z.array(volume),
      }),
    }),
  }),
});

/** The same facts of what our chart renders, in the same form as those of the reference. */
export function factsOf(objects: readonly ChartObject[]): readonly string[] {
  const operator = objects.find(({ kind }) => kind === "Deployment");
  return [...(operator ? deploymentFacts(operator) : []), ...objects.map(objectFact).toSorted()];
}

function deploymentFacts(object: ChartObject): readonly string[] {
  const { metadata, spec } = deploymentSchema.parse(object);
  const pod = spec.template.spec;
  const [{ args, env, ports, volumeMounts, ...only }] = pod.containers;
  const secretOf = (name: string) => pod.volumes.find((each) => each.name === name)?.secret?.secretName;
  return [
    ...pairs("metadata.annotations ", metadata.annotations),
    `replicas: ${spec.replicas}`,
    `revisionHistoryLimit: ${spec.revisionHistoryLimit}`,
    ...pairs("selector ", spec.selector.matchLabels),
    ...pairs("label ", spec.template.metadata.labels),
    `serviceAccountName: ${pod.serviceAccountName}`,
    `automountServiceAccountToken: ${pod.automountServiceAccountToken}`,
    `terminationGracePeriodSeconds: ${pod.terminationGracePeriodSeconds}`,
    `pod.securityContext ${json(pod.securityContext)}`,
    `container: ${only.name}`,
    `image: ${only.image}`,
    `imagePullPolicy: ${only.imagePullPolicy}`,
    `resources ${json(only.resources)}`,
    `securityContext ${json(only.securityContext)}`,
    ...args.map((arg) => `arg ${arg}`),
    ...env.map(({ name, value }) => `env ${name}=${value}`),
    ...ports.map(({ name, containerPort, protocol }) => `port ${name} ${containerPort}/${protocol}`),
    `livenessProbe ${json(only.livenessProbe)}`,
    `readinessProbe ${json(only.readinessProbe)}`,
    `startupProbe ${json(only.startupProbe)}`,
    ...volumeMounts.map(({ name, mountPath }) => `mount ${mountPath} of Secret ${secretOf(name)}`),
  ];
}

const pairs = (start: string, map: Readonly<Record<string, string>>) =>
  Object.entries(map).map(([key, value]) => `${start}${key}: ${value}`);

/** Keys in order, so that two texts are equal when the values are. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

const certificate = z.looseObject({
  spec: z.looseObject({ secretName: z.string(), duration: z.string(), renewBefore: z.string() }),
});
const service = z.looseObject({
  spec: z.looseObject({ ports: z.array(z.looseObject({ name: z.string(), port: z.number() })) }),
});
const binding = z.looseObject({ subjects: z.array(z.looseObject({ kind: z.string(), name: z.string() })) });
const reviewed = z.looseObject({
  webhooks: z.tuple([
    z.looseObject({
      clientConfig: z.looseObject({ service: z.looseObject({ name: z.string(), path: z.string(), port: z.number() }) }),
    }),
  ]),
});

function objectFact(object: ChartObject): string {
  const title = `${object.kind} ${object.metadata.name}`;
  switch (object.kind) {
    case "Certificate": {
      const { secretName, duration, renewBefore } = certificate.parse(object).spec;
      return `${title} for Secret ${secretName}, ${duration} renewed ${renewBefore} before`;
    }
    case "Service": {
      const ports = service.parse(object).spec.ports.map(({ name, port }) => `${name} ${port}`);
      return `${title}: ${ports.join(", ")}`;
    }
    case "ClusterRoleBinding": {
      const [subject] = binding.parse(object).subjects;
      return `${title} of ${subject?.kind} ${subject?.name}`;
    }
    case "MutatingWebhookConfiguration":
    case "ValidatingWebhookConfiguration": {
      const [{ clientConfig }] = reviewed.parse(object).webhooks;
      return `${title} at Service ${clientConfig.service.name}:${clientConfig.service.port}${clientConfig.service.path}`;
    }
    default:
      return title;
  }
}
