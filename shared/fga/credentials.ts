import { readFile } from "node:fs/promises";
import { Agent } from "node:https";

/** Where OpenFGA is and how it and we know each other. Files are read again for each call: a rotated key or certificate
 *  works without a restart. */
export interface FgaServer {
  /** e.g. `https://openfga.example.com:8080`. */
  readonly url: string;
  /** Preshared key, or the file that holds it; none for a server that wants none. */
  readonly token?: string;
  readonly tokenFile?: string;
  /** PEM of the certificates to trust instead of the system's, or the file that holds it. */
  readonly ca?: string;
  readonly caFile?: string;
}
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
}

export function credentialsOf(server: FgaServer): { current(): Promise<Credentials>; close(): void } {
  let trusted: string | undefined;
  let agent: Agent | undefined;
  return {
    async current() {
      const [token, ca] = await Promise.all([
        server.tokenFile ? content(server.tokenFile, "preshared key") : server.token,
        server.caFile ? content(server.caFile, "certificate") : server.ca,
      ]);
      if (!agent || ca !== trusted) {
        // Calls that are under way keep the connections of the old one.
        agent = new Agent({ keepAlive: true, maxSockets: 32, ...(ca && { ca }) });
        trusted = ca;
      }
      return { agent, headers: token ? { authorization: `Bearer ${token}` } : {} };
    },
    close: () => agent?.destroy(),
  };
}

async function content(file: string, what: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new Error(`reading the ${what} for OpenFGA: ${file} cannot be read`, { cause });
  }
}
