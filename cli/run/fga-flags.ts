import type { FgaServer } from "../../eventing/run-config.ts";
import type { Options, Values } from "../command.ts";
import { UsageError } from "../errors.ts";

/** Where OpenFGA is, for everything that asks it or writes to it. */
export const fgaFlags = {
  "fga-url": { type: "string", env: "FGA_URL", description: "OpenFGA's HTTP API, as https://openfga:8080" },
  "fga-token-file": { type: "string", env: "FGA_TOKEN_FILE", description: "file with OpenFGA's preshared key" },
  "fga-ca": { type: "string", env: "FGA_CA", description: "file with the certificates that OpenFGA is trusted by" },
} as const satisfies Options;

/** `undefined` without a URL. Throws UsageError. */
export function fgaOf(flags: Values<typeof fgaFlags>, where: string): FgaServer | undefined {
  const { "fga-url": url, "fga-token-file": tokenFile, "fga-ca": caFile } = flags;
  const next = `${where} --help`;
  if (!url) {
    const alone = tokenFile ? "fga-token-file" : caFile ? "fga-ca" : undefined;
    if (alone) throw new UsageError(`--${alone}: is for --fga-url`, { where, next });
    return undefined;
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new UsageError(`--fga-url: "${url}" is no URL, as https://openfga:8080`, { where, next });
  }
  return { url, ...(tokenFile && { tokenFile }), ...(caFile && { caFile }) };
}
