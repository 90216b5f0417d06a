import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCredentials } from "./operator-kubeconfig.ts";

const folder = await mkdtemp(join(tmpdir(), "credentials-"));
const file = async (name: string, content: string) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};
const token = await file("token", "s3cret\n");
const certificate = await file("tls.crt", "CERT");
const key = await file("tls.key", "KEY");

test.each([
  ["a token, without the line's end", { token }, { token: "s3cret" }],
  [
    "a client certificate",
    { certificate, key },
    { "client-certificate-data": btoa("CERT"), "client-key-data": btoa("KEY") },
  ],
  ["nothing", {}, undefined],
])("takes %s", async (_, files, expected) => {
  expect(await readCredentials(files)).toEqual(expected);
});

test.each([
  ["both", { token, certificate, key }, "not both"],
  ["a certificate without its key", { certificate }, "belong together"],
  ["a file that is not there", { token: join(folder, "absent") }, "cannot read"],
])("refuses %s as a wrong command line", async (_, files, message) => {
  await expect(readCredentials(files)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message),
  });
});
