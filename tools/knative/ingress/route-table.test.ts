import { expect, test } from "vitest";
import { ingress } from "./ingress-object.ts";
import { type Asked, hashOf, RouteTable } from "./route-table.ts";

const split = (serviceName: string, percent: number, appendHeaders = {}) => ({
  serviceNamespace: "default",
  serviceName,
  servicePort: 80,
  percent,
  appendHeaders,
});
const hello = ingress.parse({
  metadata: { name: "hello", namespace: "default" },
  spec: {
    rules: [
      {
        hosts: ["hello.default.svc.cluster.local"],
        http: {
          paths: [
            { splits: [split("new", 70, { "Knative-Serving-Revision": "new" }), split("old", 30)] },
            { path: "/admin", splits: [split("admin", 100)] },
            { headers: { "Knative-Serving-Tag": { exact: "old" } }, splits: [split("tagged", 100)] },
          ],
        },
      },
    ],
  },
});
const table = new RouteTable();
table.set("default/hello", hello);

const asked = (rest: Partial<Asked> = {}): Asked => ({ host: "hello.default", path: "/", headers: {}, ...rest });
const serviceOf = (rest?: Partial<Asked>, chance = 0) => table.find(asked(rest), chance)?.backend.serviceName;

test.each(["hello.default", "hello.default.svc", "hello.default.svc.cluster.local", "HELLO.default:80"])(
  "finds the service by the name %s",
  (host) => expect(serviceOf({ host })).toBe("new"),
);

test.each(["hello", "hello.other", "xhello.default"])("finds none by the name %s", (host) =>
  expect(serviceOf({ host })).toBeUndefined(),
);

test.each([
  ["the first split by its share", {}, 0.699, "new"],
  ["the second by what is left", {}, 0.7, "old"],
  ["the last when shares do not add up", {}, 1, "old"],
  ["the longest path", { path: "/admin/users" }, 0, "admin"],
  ["the path with a header that the request has", { headers: { "knative-serving-tag": "old" } }, 0, "tagged"],
  ["the path without it when the header says something else", { headers: { "knative-serving-tag": "x" } }, 0, "new"],
] as const)("chooses %s", (_what, request, chance, service) => expect(serviceOf(request, chance)).toBe(service));

test("requests take along the headers of their split", () => {
  expect(table.find(asked(), 0)?.headers).toEqual({ "Knative-Serving-Revision": "new" });
});

test("who asks for the version of the routes gets it, and another one once they change", () => {
  const headers = { "k-network-hash": "override" };
  expect(table.find(asked({ headers }), 0)?.headers["k-network-hash"]).toBe(hashOf(hello));
  expect(hashOf({ ...hello, spec: { rules: [] } })).not.toBe(hashOf(hello));
});

test("an Ingress that is gone has no routes", () => {
  const other = new RouteTable();
  other.set("a", hello);
  other.delete("a");
  expect(other.find(asked(), 0)).toBeUndefined();
});
