import { readFile } from "node:fs/promises";
import { messageOf } from "../../shared/kcp/errors.ts";
import { UsageError } from "../errors.ts";

/** The issuer of people who have no org yet, as flags name it. */
export interface WelcomeFlags {
  readonly issuerUrl?: string | undefined;
  /** Client ids or other audiences of its tokens. */
  readonly audiences: readonly string[];
  /** File of PEM certificates. */
  readonly ca?: string | undefined;
}
export interface Welcome {
  readonly issuerUrl: string;
  readonly audiences: readonly string[];
  /** PEM; empty for one that the system's certificates vouch for. */
  readonly ca: string;
}

/** Name of kcp's configuration of that issuer. */
export const welcomeName = "orgs-authentication";

/** `undefined` without flags. Throws UsageError. */
export async function readWelcome({ issuerUrl, audiences, ca }: WelcomeFlags): Promise<Welcome | undefined> {
  const next = "pm bootstrap --help";
  if (issuerUrl === undefined) {
    if (audiences.length === 0 && ca === undefined) return undefined;
    throw new UsageError("--welcome-audience and --welcome-ca belong to a --welcome-issuer-url", { next });
  }
  if (URL.parse(issuerUrl)?.protocol !== "https:") {
    throw new UsageError(`--welcome-issuer-url ${issuerUrl} is no https URL`, {
      why: "kcp asks no issuer without TLS",
      next: "as https://login.example.org/realms/welcome, letter for letter as tokens name it in iss",
    });
  }
  if (audiences.length === 0) {
    throw new UsageError("--welcome-issuer-url needs --welcome-audience", {
      next: "name the client id that people log in with",
    });
  }
  return { issuerUrl, audiences: [...new Set(audiences)].sort(), ca: ca === undefined ? "" : await certificates(ca) };
}

async function certificates(file: string): Promise<string> {
  const next = "pm bootstrap --help";
  const pem = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`cannot read ${file}`, { why: messageOf(cause), next, cause });
  });
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new UsageError(`${file} holds no PEM certificate`, {
    next: "name the CA that signed the issuer's certificate",
  });
}

/** As JSON, which is YAML too. */
export function welcomeTexts(welcome: Welcome | undefined): Readonly<Record<string, string>> {
  const { issuerUrl = "", audiences = [], ca = "" } = welcome ?? {};
  const texts = { welcomeIssuerUrl: issuerUrl, welcomeAudiences: audiences, welcomeCa: ca };
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, JSON.stringify(value)]));
}
