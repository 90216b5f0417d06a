import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { selfSigned } from "./self-signed.ts";

test("a certificate that any TLS library reads, for this host and for localhost", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const { cert, key } = selfSigned("probe.example", now);
  const certificate = new X509Certificate(cert);
  expect(certificate.subject).toBe("CN=probe.example");
  expect(certificate.subjectAltName).toBe("DNS:probe.example, DNS:localhost, IP Address:127.0.0.1");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(now);
  expect(Date.parse(certificate.validTo) - now).toBe(365 * 24 * 3_600_000);
  expect(key).toContain("PRIVATE KEY");
});

test("each has a serial number of its own, and long names fit", () => {
  const name = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}`;
  const [one, two] = [selfSigned(name), selfSigned(name)].map(({ cert }) => new X509Certificate(cert));
  expect(one?.serialNumber).not.toBe(two?.serialNumber);
  expect(one?.checkHost(name)).toBe(name);
});
