import { expect, test } from "vitest";
import { ApiError } from "../shared/kcp/client.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { defaultSecurity } from "../shared/settings.ts";
import type { RunConfig } from "./run-config.ts";
import { openSecurity } from "./security.ts";

type Config = Parameters<typeof openSecurity>[0];
const { marker: _always, issuerCa: _read, ...settings } = defaultSecurity;
const without: Config = { fga: undefined, security: { settings, identity: undefined } };
const fga: RunConfig["fga"] = { url: "http://127.0.0.1:1" };
const identity = { kind: "existing", issuer: "https://idp.example", clientIds: { "{org}": "portal" } } as const;

function open(config: Config, isOn: boolean | Error) {
  const warned: string[] = [];
  const silent = () => undefined;
  const warn = (_fields: object, message = "") => warned.push(message);
  const read = async () => {
    if (isOn instanceof Error) throw isOn;
    return { metadata: {}, spec: { initializer: isOn } };
  };
  const log = { debug: silent, info: silent, warn, error: silent };
  return { warned, opened: openSecurity(config, { read } as unknown as Client, log) };
}

test("decisions 29: off unless kcp holds workspaces for us; an identity provider for nothing is told", async () => {
  const plain = open({ ...without, fga }, false);
  expect(await plain.opened).toBeUndefined();
  expect(plain.warned).toEqual([]);
  const forbidden = open(without, new ApiError("no", { code: 403, reason: "Forbidden" }));
  expect(await forbidden.opened).toBeUndefined();
  const wasted = open({ ...without, security: { settings, identity } }, false);
  expect(await wasted.opened).toBeUndefined();
  expect(wasted.warned).toEqual(["security is off in this kcp: switch it on with pm bootstrap --security=on"]);
});

test("on, it needs OpenFGA or to be told that it does not, rather than hold every workspace for ever", async () => {
  await expect(open(without, true).opened).rejects.toThrow(
    /^kcp holds every new workspace until root:security is served.*--fga-url.*--no-initializer-workspace-enabled.*--security=off/,
  );
  const parts = { ...settings.parts, store: false };
  const opened = await open({ ...without, security: { settings: { ...settings, parts }, identity: undefined } }, true)
    .opened;
  expect(opened).toEqual({ settings: { ...settings, parts, marker: "root:security" } });
});

test("on, both servers are there as they are configured, and the CA of the issuers is read", async () => {
  const issuerCaFile = new URL("../package.json", import.meta.url).pathname;
  const opened = await open({ fga, security: { settings, identity, issuerCaFile } }, true).opened;
  expect(opened?.settings.issuerCa).toContain('"name"');
  expect(opened?.fga).toBeDefined();
  expect(opened?.identity).toBeDefined();
  opened?.fga?.close();
});
