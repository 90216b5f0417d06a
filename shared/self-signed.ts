import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key and a certificate of its own for this host, valid for a year: for servers whose clients do not check who
 *  serves, as Prometheus with insecure_skip_verify. Node makes no certificates, so the DER is put together here. */
export function selfSigned(name: string, now = Date.now()): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signature = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const issuer = sequence(node(0x31, sequence(oid("550403"), node(0x0c, Buffer.from(name))))); // CN=name
  const validity = sequence(utcTime(now - hour), utcTime(now + 365 * 24 * hour));
  const altNames = sequence(
    node(0x82, Buffer.from(name)),
    node(0x82, Buffer.from("localhost")),
    node(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const extensions = node(0xa3, sequence(sequence(oid("551d11"), node(0x04, altNames))));
  const body = sequence(
    node(0xa0, node(0x02, Buffer.from([2]))), // X.509 version 3
    node(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    signature,
    issuer,
    validity,
    issuer,
    publicKey.export({ type: "spki", format: "der" }),
    extensions,
  );
  const bits = Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]);
  const der = sequence(body, signature, node(0x03, bits)).toString("base64");
  const cert = `-----BEGIN CERTIFICATE-----\n${der.replace(/(.{64})(?=.)/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}

const hour = 3_600_000;
const sequence = (...parts: Buffer[]) => node(0x30, ...parts);
const oid = (hex: string) => node(0x06, Buffer.from(hex, "hex"));
const utcTime = (ms: number) =>
  node(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));

/** One DER node: tag, length, content. */
function node(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}
