import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";

export interface CertificateOptions {
  /** Holds tls.crt and tls.key, as a Secret of type kubernetes.io/tls is mounted. */
  readonly folder: string;
  readonly log: Log;
  /** How often the files are looked at, in milliseconds; a second unless given. A mounted Secret changes by links, which
   *  no watch sees. */
  readonly everyMs?: number;
  /** Told of each certificate that was read, and whether it can be used. */
  readonly onRead?: (usable: boolean) => void;
}
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The certificate of a folder, and from then on `use` of each that takes its place; one that is no pair leaves the one
 *  before in use. Rejects when there is none to begin with. */
export async function followCertificate(
  { folder, log, everyMs = 1000, onRead }: CertificateOptions,
  use: (pair: KeyPair) => void,
): Promise<{ readonly first: KeyPair; close(): void }> {
  const first = await readPair(folder).catch((cause: unknown) => {
    const next = `put tls.crt and tls.key into ${folder}, or name another folder with --webhooks-cert-dir`;
    throw new Error(`reading the certificate of the admission webhooks: ${messageOf(cause)}; ${next}`, { cause });
  });
  onRead?.(true);
  let last = textOf(first);
  const look = async () => {
    const text = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8"))).then((all) => all.join());
    if (text === last) return;
    last = text;
    use(await readPair(folder));
    onRead?.(true);
    log.info({ folder }, "the certificate of the admission webhooks has changed and is in use");
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      onRead?.(false);
      log.warn({ folder, err: error }, "the changed certificate cannot be used: the one before stays");
    });
  }, everyMs);
  return { first, close: () => clearInterval(timer) };
}

const files = ["tls.crt", "tls.key"] as const;
const textOf = ({ cert, key }: KeyPair): string => [cert, key].join();

/** Rejects when the two do not belong together. */
async function readPair(folder: string): Promise<KeyPair> {
  const [cert = "", key = ""] = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  createSecureContext({ cert, key });
  return { cert, key };
}
