import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { selfSigned } from "../shared/self-signed.ts";

/** Puts tls.crt and tls.key for localhost into a folder, as --…-cert-dir takes it; answers the file to trust. */
export async function writeServerCertificate(folder: string): Promise<string> {
  const { cert, key } = selfSigned("localhost");
  const file = join(folder, "tls.crt");
  await mkdir(folder, { recursive: true });
  await Promise.all([writeFile(file, cert), writeFile(join(folder, "tls.key"), key)]);
  return file;
}
