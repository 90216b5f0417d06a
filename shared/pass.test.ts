import { expect, test } from "vitest";
import { forwarded } from "../test/run-functions.ts";
import { type Backend, Pass } from "./pass.ts";
import { defaultSettings } from "./settings.ts";

const asked: string[] = [];
const backend = {
  reader: {
    async get(kind: string, cluster: string, name: string) {
      asked.push(`${kind} ${name} in ${cluster}`);
      return undefined;
    },
  },
} as unknown as Backend;
const pass = new Pass(backend, defaultSettings, new AbortController().signal);

test.each(["APIBinding", "LogicalCluster"])(
  "the %s of a workspace that is no account's has no Account, and none is looked for above the orgs",
  async (kind) => {
    for (const kcppath of ["root:platform-mesh-system", "root:orgs", "root:orgs-elsewhere:x"]) {
      expect(await pass.worldOf({ ...forwarded(kind, "root/x"), kcppath })).toBeUndefined();
      expect(await pass.isOthers({ ...forwarded(kind, "root/x"), kcppath })).toBe(false);
    }
    expect(asked).toEqual([]);
    await pass.worldOf({ ...forwarded(kind, "1orgs/acme"), kcppath: "root:orgs:acme" });
    await pass.worldOf(forwarded(kind, "1orgs/acme"));
    expect(asked.splice(0)).toEqual(["Account acme in 1orgs", "Account acme in 1orgs"]);
  },
);

test("an Account that somebody made elsewhere is looked at: its status says what is wrong", async () => {
  await pass.worldOf({ ...forwarded("Account", "1x/acme"), kcppath: "root:providers:x" });
  expect(asked.splice(0)).toEqual(["Account acme in 1x"]);
});
