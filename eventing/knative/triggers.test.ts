import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { functions } from "../../functions/index.ts";
import { type CloudEvent, type Filter, matches } from "../../shared/event.ts";
import { wants } from "../../test/knative/filters.ts";
import { runPm } from "../../test/run-pm.ts";
import { root } from "../../tools/paths.ts";
import { brokerClass, brokerFor } from "./broker.ts";
import { inOneService, ofItsOwn, triggersFor } from "./triggers.ts";

interface Crd {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: object } }[] };
}
/** Of the CRD that Knative Eventing publishes. */
async function schemaOf(kind: "broker" | "trigger" | "sinkbinding"): Promise<ValidateFunction> {
  const crd = load(
    await readFile(join(root, "..", "shared", "data", `knative-eventing-${kind}-crd.yaml`), "utf8"),
  ) as Crd;
  return new Ajv({ strict: false, allErrors: true, logger: false }).compile(
    crd.spec.versions[0]?.schema.openAPIV3Schema ?? false,
  );
}
/** A schema of structure lets unknown fields through and prunes them: what is not named in it would be lost. */
function prunedFrom(value: unknown, schema: unknown, path = ""): readonly string[] {
  const {
    properties,
    items,
    "x-kubernetes-preserve-unknown-fields": keeps,
  } = schema as {
    properties?: Record<string, unknown>;
    items?: unknown;
    additionalProperties?: unknown;
    "x-kubernetes-preserve-unknown-fields"?: boolean;
  };
  if (Array.isArray(value)) return value.flatMap((each) => (items ? prunedFrom(each, items, `${path}[]`) : []));
  if (typeof value !== "object" || value === null || !properties) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = properties[name];
    if (known !== undefined) return prunedFrom(inner, known, `${path}.${name}`);
    return keeps ? [] : [`${path}.${name}`];
  });
}

const all = functions.flatMap((fn) =>
  triggersFor(fn, {
    release: "r",
    namespace: "ns",
    broker: "b",
    subscriber: ofItsOwn("r", fn.name),
    delivery: { deadLetterSink: { ref: { apiVersion: "v1", kind: "Service", name: "letters" } } },
  }),
);

describe("Triggers", () => {
  test("one for each filter of each function, with names that are all different and fit", () => {
    expect(all).toHaveLength(functions.flatMap(({ on }) => on).length);
    const names = all.map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(all[0]).toMatchInlineSnapshot(`
      {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {
          "labels": {
            "app.kubernetes.io/component": "create-workspace",
            "app.kubernetes.io/instance": "r",
            "app.kubernetes.io/name": "account-functions",
          },
          "name": "r-create-workspace-1",
          "namespace": "ns",
        },
        "spec": {
          "broker": "b",
          "delivery": {
            "backoffDelay": "PT0.5S",
            "backoffPolicy": "exponential",
            "deadLetterSink": {
              "ref": {
                "apiVersion": "v1",
                "kind": "Service",
                "name": "letters",
              },
            },
            "retry": 12,
            "timeout": "PT2M",
          },
          "filter": {
            "attributes": {
              "deleting": "false",
              "kind": "Account",
              "type": "dev.knative.apiserver.resource.add",
            },
          },
          "subscriber": {
            "ref": {
              "apiVersion": "serving.knative.dev/v1",
              "kind": "Service",
              "name": "r-create-workspace",
            },
          },
        },
      }
    `);
  });

  test("are valid against the published CRD, which prunes nothing of them", async () => {
    const validate = await schemaOf("trigger");
    for (const trigger of all) {
      validate(trigger);
      expect(validate.errors).toBeNull();
      const { metadata: _, ...rest } = trigger;
      expect(prunedFrom(rest, validate.schema).filter((path) => !/^\.(apiVersion|kind)$/.test(path))).toEqual([]);
    }
  });

  test("bring a function exactly what its on list wants, each event once", () => {
    for (const { on } of functions) {
      for (const filter of on) {
        const event = { specversion: "1.0", id: "1", source: "/s", ...filter } as CloudEvent;
        const wanting = on.filter((each) => wants({ filter: { attributes: each as Record<string, string> } }, event));
        expect(wanting).toEqual(on.filter((each) => matches(each, event)));
        expect(wanting).toHaveLength(1);
      }
    }
  });

  test("no event matches two filters of one function, or it would be handled twice", () => {
    const overlap = (a: Filter, b: Filter) =>
      Object.entries(a).every(([name, value]) => (b[name as keyof Filter] ?? value) === value);
    for (const { name, on } of functions) {
      const pairs = on.flatMap((a, index) => on.slice(index + 1).map((b) => [a, b] as const));
      expect(
        pairs.filter(([a, b]) => overlap(a, b)),
        name,
      ).toEqual([]);
    }
  });

  test("all functions in one Service are told apart by path, as the specification resolves ref and uri", () => {
    expect(inOneService({ name: "s", plain: true }, "f")).toEqual({
      ref: { apiVersion: "v1", kind: "Service", name: "s" },
      uri: "/f",
    });
    expect(inOneService({ name: "s", plain: false }, "f").ref?.apiVersion).toBe("serving.knative.dev/v1");
  });
});

test("a Broker of either class is valid against the published CRD", async () => {
  const validate = await schemaOf("broker");
  for (const className of [undefined, ...Object.values(brokerClass)]) {
    const broker = brokerFor({
      ...{ name: "b", namespace: "ns", release: "r" },
      ...(className && { class: className }),
      config: { apiVersion: "v1", kind: "ConfigMap", name: "settings", namespace: "knative-eventing" },
      deadLetterSink: { uri: "http://letters.ns.svc.cluster.local" },
    });
    validate(broker);
    expect(validate.errors).toBeNull();
    expect(prunedFrom(broker.spec, (validate.schema as { properties: { spec: object } }).properties.spec)).toEqual([]);
  }
});

test("the source finds the Broker by a SinkBinding that is valid against the published CRD", async () => {
  const { out } = await runPm(["manifests", "broker", "--source=r-source", "-n=mesh", "-o=json"]);
  const { items } = JSON.parse(out) as { items: { kind: string; spec: object }[] };
  const validate = await schemaOf("sinkbinding");
  validate(items[1]);
  expect(validate.errors).toBeNull();
  expect(items[1]).toMatchObject({
    metadata: { name: "r-source-sink", namespace: "mesh" },
    spec: {
      subject: { apiVersion: "apps/v1", kind: "Deployment", name: "r-source" },
      sink: { ref: { kind: "Broker", name: "account-functions" } },
    },
  });
});

describe("pm manifests", () => {
  test("triggers: YAML for kubectl apply, without the functions for security unless it is on", async () => {
    const { code, out } = await runPm(["manifests", "triggers", "--release=x", "-n", "mesh"]);
    expect(code).toBe(0);
    const kinds = out
      .split("---\n")
      .slice(1)
      .map((text) => load(text) as { metadata: { name: string; namespace: string } });
    const expected = functions.filter(({ needs }) => !needs).flatMap(({ on }) => on);
    expect(kinds).toHaveLength(expected.length);
    expect(kinds.every(({ metadata }) => metadata.namespace === "mesh" && metadata.name.startsWith("x-"))).toBe(true);
    const secured = await runPm(["manifests", "triggers", "--security=on", "-o=name"]);
    expect(secured.out.trim().split("\n")).toHaveLength(all.length);
  });

  test("triggers: one Service for all, a dead-letter sink, delivery", async () => {
    const { out } = await runPm([
      ...["manifests", "triggers", "--service=all", "--plain", "--function=nudge-workspace", "-o=json"],
      ...["--dead-letter-sink=http://letters", "--retry=3", "--backoff-delay=PT2S", "--delivery-timeout=PT30S"],
    ]);
    const { items } = JSON.parse(out) as { items: { spec: object }[] };
    expect(items[0]?.spec).toMatchObject({
      subscriber: { ref: { apiVersion: "v1", kind: "Service", name: "all" }, uri: "/nudge-workspace" },
      delivery: { retry: 3, backoffDelay: "PT2S", timeout: "PT30S", deadLetterSink: { uri: "http://letters" } },
    });
  });

  test.each([
    [["triggers", "--function=nope"], "there is no function nope"],
    [["triggers", "--backoff-delay=1s"], `--backoff-delay: "1s" is no duration of ISO 8601`],
    [["triggers", "--dead-letter-sink=x"], `--dead-letter-sink: "x" is neither a URL nor APIVERSION:KIND:NAME`],
    [["broker", "--broker-config=x"], `--broker-config: "x" is neither a URL nor APIVERSION:KIND:NAME`],
  ])("refuses %j in words", async (argv, message) => {
    const { code, err } = await runPm(["manifests", ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test("broker: its class and settings", async () => {
    const { out } = await runPm([
      ...[
        "manifests",
        "broker",
        "--broker-class=NatsJetStreamBroker",
        "--broker-config=v1:ConfigMap:nats",
        "-n",
        "mesh",
      ],
    ]);
    expect(load(out)).toMatchObject({
      metadata: { annotations: { "eventing.knative.dev/broker.class": "NatsJetStreamBroker" } },
      spec: { config: { kind: "ConfigMap", name: "nats", namespace: "mesh" } },
    });
  });
});
