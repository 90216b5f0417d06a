import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redact, redactedJson } from "./redact.ts";

const secret = "hunter2-hunter2";
const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.c2ln";
const pem = `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE${secret}\n-----END EC PRIVATE KEY-----`;

describe("what is secret does not leave the process", () => {
  test.each<[string, unknown]>([
    ["the data of a Secret", { kind: "Secret", metadata: { name: "s" }, data: { anything: secret } }],
    ["the stringData of a Secret in a list", { items: [{ kind: "Secret", stringData: { a: secret } }] }],
    ["a token", { spec: { refreshToken: secret } }],
    ["a password", { spec: { adminPassword: secret } }],
    ["a password in capitals", { ADMIN_PASSWD: secret }],
    ["a client secret", { oidc: { clients: { cli: { clientSecret: secret } } } }],
    ["a credential", { credential: secret }],
    ["a list of tokens", { tokens: ["", secret] }],
    ["an API key", { "api-key": secret }],
    ["a key of a kubeconfig", { "client-key-data": secret }],
    ["a private key by name", { privateKey: secret }],
    ["a header", { headers: { Authorization: `Basic ${secret}` } }],
    ["a PEM private key within other text", { message: `before\n${pem}\nafter` }],
    ["a PEM private key that is cut off", { message: pem.slice(0, 60) }],
    ["a bearer token within a message", { message: `sent Bearer ${secret}, refused` }],
    ["a header within a message", { message: `GET / authorization: Basic ${secret}` }],
    ["a JSON web token", { note: `it is ${jwt}` }],
    ["the user in a URL", { url: `https://bob:${secret}@example.com/x` }],
    ["JSON within a string", { annotations: { applied: JSON.stringify({ spec: { password: secret } }) } }],
    ["JSON within other text", { message: `failed: {"password": "${secret}"}` }],
    ["a parameter of a URL", { url: `https://example.com/?access_token=${secret}&a=b` }],
    ["a token behind what is none", { tokens: [null, secret] }],
    ["a Secret within a string", { applied: JSON.stringify({ kind: "Secret", data: { a: secret } }) }],
    ["JSON within JSON", { a: JSON.stringify({ b: JSON.stringify({ token: secret }) }) }],
  ])("%s", (_name, value) => {
    const text = redactedJson(value);
    for (const part of [secret, jwt, "c2ln", "MHcCAQEE"]) expect(text).not.toContain(part);
    expect(text).toContain("redacted-");
    expect(redactedJson(JSON.parse(text))).toBe(text);
  });
});

test.each<[string, unknown]>([
  ["values that only speak of secrets", { message: "the secret was not found", reason: "TokenExpired" }],
  ["the name of a Secret", { kind: "Account", spec: { displayName: "Secret" } }],
  ["certificates", { ca: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" }],
  ["numbers and flags", { tokenSeconds: 3600, secret: true, password: null }],
  ["addresses of mail and URLs without a user", { contact: "bob@example.com", url: "https://example.com/@x" }],
  ["empty values", { token: "" }],
])("%s stay", (_name, value) => {
  expect(redact(value)).toEqual(value);
});

test("what surrounds a secret stays", () => {
  expect(redact({ message: `GET https://bob:${secret}@example.com/x failed` }).message).toMatch(
    /^GET https:\/\/redacted-[0-9a-f]{12}@example\.com\/x failed$/,
  );
});

test("equal secrets stay equal, others differ", () => {
  const { a, b, c } = redact({ a: { token: "one" }, b: { token: "one" }, c: { token: "two" } });
  expect(a.token).toBe(b.token);
  expect(a.token).not.toBe(c.token);
});

test("a value without secrets comes out as it went in, and nothing is redacted twice", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const once = redactedJson(value);
      expect(redactedJson(JSON.parse(once))).toBe(once);
    }),
  );
});

test("text that is made to be slow is not", () => {
  const started = performance.now();
  for (const part of ["eyJ-", "token", '"token', "a.", "a://", "authorization: ", "bearer ", "-----BEGIN ", "x@"]) {
    const long = part.repeat(100_000 / part.length);
    redact({ a: `${long} eyJx. token= x://y@ ${long}` });
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});
