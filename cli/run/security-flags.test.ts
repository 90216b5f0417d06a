import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultSecurity } from "../../shared/settings.ts";
import { UsageError } from "../errors.ts";
import { parseCommandLine } from "../parse.ts";
import command from "./command.ts";
import { securityOf } from "./security-flags.ts";

const folder = mkdtempSync(join(tmpdir(), "idp-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "idp.yaml");
const parse = (argv: readonly string[], env: Record<string, string> = {}) =>
  securityOf(parseCommandLine(command, argv, env).options as unknown as Parameters<typeof securityOf>[0]);
function identityIn(text: string) {
  writeFileSync(file, text);
  return parse(["--idp-config", file]).identity;
}

test("without flags everything is on, for no identity provider, as the defaults say", () => {
  const { marker: _always, ...settings } = defaultSecurity;
  expect(parse([])).toEqual({ identity: undefined, settings });
});

test("each flag sets what it says", () => {
  const argv = [
    "--base-domain",
    "portal.example",
    "--issuer-ca",
    "/ca.pem",
    "--idp-additional-redirect-urls",
    "https://a,https://b",
  ];
  argv.push("--idp-kubectl-client-redirect-urls", "http://localhost:1", "--additional-audiences", "x,y");
  argv.push("--username-claim", "sub", "--groups-claim", "roles", "--allow-member-tuples-enabled", "--hash-subjects");
  argv.push("--no-initializer-workspace-enabled", "--no-initializer-idp-enabled");
  argv.push("--no-initializer-invite-enabled", "--no-initializer-workspace-auth-enabled");
  expect(parse(argv)).toEqual({
    identity: undefined,
    issuerCaFile: "/ca.pem",
    settings: {
      parts: { store: false, identity: false, invitation: false, authentication: false },
      baseDomain: "portal.example",
      additionalRedirectUris: ["https://a", "https://b"],
      kubectlRedirectUris: ["http://localhost:1"],
      additionalAudiences: ["x", "y"],
      claims: { username: "sub", groups: "roles" },
      allowMembers: true,
      hashSubjects: true,
    },
  });
});

describe("the file of the identity provider", () => {
  test.each<[string, string, object]>([
    [
      "Keycloak by a service account, with mail",
      `kind: keycloak
url: https://idp.example
admin: {clientId: pm, secretFile: /s}
realm: {registrationAllowed: true, smtp: {host: mail, port: 25, from: a@x.io}}`,
      {
        ...{ kind: "keycloak", url: "https://idp.example", admin: { clientId: "pm", secretFile: "/s" } },
        realm: { registrationAllowed: true, smtp: { host: "mail", port: 25, from: "a@x.io" } },
      },
    ],
    [
      "Keycloak by a user",
      "{kind: keycloak, url: 'https://idp.example', admin: {username: admin, passwordFile: /p}}",
      { kind: "keycloak", url: "https://idp.example", admin: { username: "admin", passwordFile: "/p" } },
    ],
    [
      "dynamic client registration",
      "{kind: registration, issuer: 'https://idp.example/{org}', initialAccessTokenFile: /t}",
      { kind: "registration", issuer: "https://idp.example/{org}", initialAccessTokenFile: "/t" },
    ],
    [
      "an issuer that exists",
      "{kind: existing, issuer: 'https://idp.example', clientIds: {kubectl: cli}}",
      { kind: "existing", issuer: "https://idp.example", clientIds: { kubectl: "cli" } },
    ],
  ])("%s", (_name, text, wanted) => {
    expect(identityIn(text)).toEqual(wanted);
  });

  test("is named by the environment too", () => {
    writeFileSync(file, "{kind: existing, issuer: 'https://idp.example', clientIds: {}}");
    expect(parse([], { IDP_CONFIG: file }).identity).toMatchObject({ kind: "existing" });
  });

  test.each<[string, string, string]>([
    ["an unknown kind", "kind: ldap", "kind: "],
    ["no mapping", "just text", "the file: "],
    ["plain http", "{kind: existing, issuer: 'http://idp.example', clientIds: {}}", "issuer: an https URL is needed"],
    [
      "plain http of Keycloak",
      "{kind: keycloak, url: 'http://idp.example', admin: {clientId: a, secretFile: b}}",
      "url: an https URL is needed",
    ],
    ["a field that is missing", "{kind: existing, issuer: 'https://idp.example'}", "clientIds: "],
    [
      "a field that does not exist",
      "{kind: existing, issuer: 'https://idp.example', clientIds: {}, realm: x}",
      'the file: Unrecognized key: "realm"',
    ],
    [
      "a number that is too small, deep within",
      "{kind: keycloak, url: 'https://i', admin: {clientId: a, secretFile: b}, realm: {accessTokenSeconds: 1}}",
      "realm.accessTokenSeconds: ",
    ],
    ["text that is no YAML", "a: [", "unexpected end"],
  ])("with %s is refused by its name and the field's", (_name, text, problem) => {
    expect(() => identityIn(text)).toThrow(UsageError);
    expect(() => identityIn(text)).toThrow(`--idp-config: ${file}: `);
    expect(() => identityIn(text)).toThrow(problem);
  });

  test("that is not there is refused by its name", () => {
    expect(() => parse(["--idp-config", join(folder, "none.yaml")])).toThrow(/--idp-config: .*none\.yaml: ENOENT/);
  });
});
