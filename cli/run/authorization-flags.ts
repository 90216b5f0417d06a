import type { AuthorizationConfig } from "../../eventing/run-config.ts";
import type { Options, Values } from "../command.ts";
import { UsageError } from "../errors.ts";
import type { fgaFlags } from "./fga-flags.ts";

export const authorizationFlags = {
  "authorization-webhook-enabled": {
    type: "boolean",
    description: "serve the authorization webhook, which lets in those whom OpenFGA knows (pm authorization-config)",
  },
  "authorization-webhook-cert-dir": {
    type: "string",
    default: "authorization-certs",
    description: "folder of its tls.crt and tls.key",
  },
  "authorization-webhook-port": { type: "number", default: 9444, description: "port of the authorization webhook" },
} as const satisfies Options;

type Flags = Values<typeof authorizationFlags> & Pick<Values<typeof fgaFlags>, "fga-url">;

/** `undefined` when it is not to be served. Throws UsageError. */
export function authorizationOf(flags: Flags, command: string): AuthorizationConfig | undefined {
  if (!flags["authorization-webhook-enabled"]) return undefined;
  const port = flags["authorization-webhook-port"];
  const where = { where: command, next: `${command} --help` };
  if (port < 1 || port > 65_535) throw new UsageError("--authorization-webhook-port: use 1 to 65535", where);
  if (!flags["fga-url"]) {
    throw new UsageError("--fga-url: is needed with --authorization-webhook-enabled, as https://openfga:8080", where);
  }
  return { address: { port }, certDir: flags["authorization-webhook-cert-dir"] };
}
