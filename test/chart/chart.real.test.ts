import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Destination } from "../../eventing/knative/delivery.ts";
import { inOneService, ofItsOwn, triggersFor } from "../../eventing/knative/triggers.ts";
import { functions } from "../../functions/index.ts";
import { containersOf, podOf } from "./containers.ts";
import { type ChartObject, chartFolder, helm, objectsIn, objectsOf, ofSet, template, valueSets } from "./helm.ts";

const release = "account-functions";
const triggerSchema = z.looseObject({ kind: z.literal("Trigger"), spec: z.looseObject({}) });
const sets = Object.keys(valueSets);
const deploymentOf = (objects: readonly ChartObject[], part: string) =>
  objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === `account-functions-${part}`);

test.each(["account-functions", "account-functions-crds"])(
  "002-H helm lint has nothing to say about %s",
  async (chart) => {
    expect(await helm("lint", "--strict", "--quiet", chartFolder(chart))).toBe("");
  },
);

describe("002-H what a set of values installs", () => {
  test.each(sets)("%s", async (set) => {
    await expect(await template(ofSet(set))).toMatchFileSnapshot(`__snapshots__/${set}.yaml`);
  });
});

test.each(sets)("nothing has rights that it does not need: %s", async (set) => {
  for (const { of, securityContext } of containersOf(await objectsOf(set))) {
    expect(securityContext, of).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: "RuntimeDefault" },
    });
  }
});

test.each(sets)("every mount has its volume, and every selector somebody: %s", async (set) => {
  const objects = await objectsOf(set);
  for (const object of objects) {
    const pod = podOf(object);
    const volumes = pod?.volumes.map(({ name }) => name) ?? [];
    for (const { volumeMounts } of [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]) {
      expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)));
    }
    expect(new Set(volumes).size, object.metadata.name).toBe(volumes.length);
  }
  const titles = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  expect(new Set(titles).size).toBe(titles.length);
});

describe("decisions 40", () => {
  test("webhooks are a Deployment with a TLS Service outside scale-to-zero", async () => {
    const objects = await objectsOf("knative");
    const deployments = objects.filter(({ kind }) => kind === "Deployment").map(({ metadata }) => metadata.name);
    expect(deployments).toEqual(["account-functions-admission", "account-functions-source"]);
    const [service] = objects.filter(({ metadata }) => metadata.name === "account-functions-webhook");
    expect(service).toMatchObject({ kind: "Service", spec: { selector: { app: "account-functions-admission" } } });
    const admission = deploymentOf(objects, "admission");
    expect(admission).toMatchObject({ spec: { replicas: 2 } });
  });

  test("no fewer than one", async () => {
    await expect(template({ flags: ["--set=bus.kind=knative", "--set=admission.replicas=0"] })).rejects.toThrow(
      /admission\/replicas.*minimum/s,
    );
  });
});

describe("operations 2: KEYOverride goes before global.KEY, that before KEY, that before common.defaults", () => {
  test.each([
    [["common.defaults.region=a"], "a"],
    [["common.defaults.region=a", "region=b"], "b"],
    [["common.defaults.region=a", "region=b", "global.region=c"], "c"],
    [["common.defaults.region=a", "region=b", "global.region=c", "regionOverride=d"], "d"],
    [["region=b", "global.region=null"], "b"],
    [[], "local"],
  ])("%j: %s", async (settings, region) => {
    const flags = settings.map((setting) => `--set=${setting}`);
    const [{ args } = { args: [] }] = containersOf(objectsIn(await template({ flags })));
    expect(args).toContain(`--region=${region}`);
  });
});

describe("a certificate of one's own", () => {
  test("takes the place of cert-manager's", async () => {
    const objects = await objectsOf("own-certificate");
    expect(objects.filter(({ apiVersion }) => apiVersion.startsWith("cert-manager.io"))).toEqual([]);
    const admission = deploymentOf(objects, "admission");
    expect(admission && podOf(admission)?.volumes).toContainEqual({
      name: "cert",
      secret: { secretName: "my-certificate" },
    });
  });
});

describe("functions", () => {
  const namesOf = async (set: string, kind = "Service", apiVersion = "serving.knative.dev/v1") =>
    (await objectsOf(set))
      .filter((object) => object.kind === kind && object.apiVersion === apiVersion)
      .map(({ metadata }) => metadata.name)
      .toSorted();

  test("each is a service that goes to zero, apart from those of security where there is none", async () => {
    expect(await namesOf("knative")).toEqual(
      [
        ...["create-workspace", "manage-accountinfo", "nudge-workspace", "relay-lineage"],
        ...["release-accountinfo", "remove-workspace", "workspace-ready"],
      ].map((name) => `account-functions-${name}`),
    );
  });

  test("all can be one service, that Triggers call by path", async () => {
    const objects = await objectsOf("everything");
    expect(await namesOf("everything")).toEqual(["account-functions-functions"]);
    const triggers = objects.filter(({ kind }) => kind === "Trigger");
    expect(triggers[0]).toMatchObject({
      spec: { subscriber: { ref: { name: "account-functions-functions" }, uri: "/create-workspace" } },
    });
    const subscribed = triggers.map(({ metadata }) => metadata.labels["account-functions.platform-mesh.io/function"]);
    expect(subscribed).toContain("security-init");
  });

  test("a secret is given only to those that use it", async () => {
    const flags = ["--set=bus.kind=knative"];
    const objects = objectsIn(await template(ofSet("security", ...flags)));
    const mounting = containersOf(objects)
      .filter(({ volumeMounts }) => volumeMounts.some(({ name }) => name === "fga-token"))
      .map(({ of }) => of);
    expect(mounting.toSorted()).toEqual([
      "Deployment account-functions-admission",
      "Service account-functions-manage-membership",
      "Service account-functions-security-init",
    ]);
  });
});

describe("Triggers are those of pm manifests", () => {
  const ofChart = async (set: string) =>
    (await objectsOf(set)).flatMap((object) => {
      const { success, data } = triggerSchema.safeParse(object);
      return success ? [{ name: object.metadata.name, ...data.spec }] : [];
    });
  const ofManifests = (needs: boolean, broker: string, subscriberOf: (name: string) => Destination) =>
    functions
      .filter((fn) => needs || !fn.needs)
      .flatMap((fn) => {
        const options = { release, namespace: "mesh", broker, subscriber: subscriberOf(fn.name) };
        return triggersFor(fn, options).map(({ metadata, spec }) => ({ name: metadata.name, ...spec, for: fn.name }));
      });
  const sorted = <T extends { readonly name: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => (a.name < b.name ? -1 : 1));

  test("one service each; what cannot be delivered goes to the source", async () => {
    const source = "http://account-functions-source.mesh.svc.cluster.local:8082/dead-letters";
    const expected = ofManifests(false, "account-functions", (name) => ofItsOwn(release, name)).map(
      ({ for: name, delivery, ...trigger }) => ({
        ...trigger,
        delivery: { ...delivery, deadLetterSink: { uri: `${source}/${name}` } },
      }),
    );
    expect(sorted(await ofChart("knative"))).toEqual(sorted(expected));
  });

  test("one service for all, and a sink of the values file", async () => {
    const deadLetterSink = { uri: "http://dead-letters.mesh.svc.cluster.local" };
    const expected = ofManifests(true, "events", (name) =>
      inOneService({ name: `${release}-functions`, plain: false }, name),
    ).map(({ for: _of, delivery, ...trigger }) => ({ ...trigger, delivery: { ...delivery, deadLetterSink } }));
    expect(sorted(await ofChart("everything"))).toEqual(sorted(expected));
  });
});

describe("values that cannot work are refused with what to do", () => {
  test.each([
    [["bus.kind=nats"], "bus.kind is nats: set bus.nats.url"],
    [["bus.kind=knative", "bus.knative.publish=stream"], "set bus.nats.url to the servers of the NatsJetStreamBroker"],
    [["bus.kind=knative", "source.replicas=2"], "source.replicas is above 1: set bus.nats.url"],
    [["deployment.replicas=2", "operator.leaderElect=false"], "set operator.leaderElect to true"],
    [["authorization.enabled=true"], "set security.fga.url"],
    [["bootstrap.welcome.issuerUrl=https://login"], "set bootstrap.welcome.audiences"],
    [["bus.kind=kafka"], "value must be one of 'memory', 'nats', 'knative'"],
    [["bus.knd=nats"], "additional properties 'knd' not allowed"],
    [["bus.kind=knative", "functions.overrides.create-workspaces.maxScale=2"], "there is no such function; there are"],
    [["functions.overrides.create-workspace.maxscale=2"], "additional properties 'maxscale' not allowed"],
    [["log.level=loud"], "value must be one of"],
  ])("%j", async (settings, message) => {
    await expect(template({ flags: settings.map((setting) => `--set=${setting}`) })).rejects.toThrow(message);
  });
});

describe("names", () => {
  const named = async (release: string) =>
    objectsIn(await template({ release })).find(({ kind }) => kind === "Deployment")?.metadata.name;

  test.each([
    ["account-operator", "account-operator"],
    ["my-account-operator", "account-operator"],
    ["mesh", "mesh-account-operator"],
    ["account-functions", "account-functions"],
  ])("release %s has the objects that the Go operator's chart gave it: %s", async (release, name) => {
    expect(await named(release)).toBe(name);
  });
});

describe("kcp's objects", () => {
  const kcp = "--api-versions=apis.kcp.io/v1alpha2";
  const kindsOf = async (...flags: string[]) => {
    const objects = objectsIn(await template({ release: "account-operator", flags }));
    return objects.filter(({ apiVersion }) => apiVersion.startsWith("apis.kcp.io")).map(({ kind }) => kind);
  };

  test("are left out where the cluster is no kcp, so that the default values install anywhere", async () => {
    expect(await kindsOf()).toEqual([]);
  });

  test("are there where it is one, with the identity of the values file", async () => {
    expect(await kindsOf(kcp)).toEqual([
      "APIExport",
      "APIExportEndpointSlice",
      ...Array.from({ length: 3 }, () => "APIResourceSchema"),
    ]);
    expect(await kindsOf(kcp, "--set=crds.enabled=false")).toEqual([]);
    const text = await template({ flags: [kcp, "--set=account-operator-crds.kcp.identityHash=54a2"] });
    expect(text).toContain("identityHash: '54a2'");
  });

  test("are a chart of their own, too", async () => {
    const text = await template({ chart: "account-functions-crds", flags: ["--set=kcp.identityHash=54a2"] });
    expect(objectsIn(text).map(({ kind }) => kind)).toContain("APIExport");
    expect(text).toContain("identityHash: '54a2'");
  });
});
