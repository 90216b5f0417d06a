import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../shared/function.ts";
import { messageOf } from "../shared/kcp/errors.ts";

export interface CertificateOptions {
  /** Whose it is, for messages, as "the admission webhooks". */
  readonly owner: string;
  /** Flag that names another folder. */
  readonly flag: string;
  /** Holds tls.crt and tls.key, as a Secret of type kubernetes.io/tls is mounted. */
  readonly folder: string;
  readonly log: Log;
  /** How often the files are looked at, in milliseconds; a second unless given. A mounted Secret changes by links, which
   *  no watch sees. */
  readonly everyMs?: number;
  /** Told of each certificate that was read, whether it can be used, and until when, in milliseconds since the epoch. */
  readonly onRead?: (usable: boolean, end?: number) => void;
}
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The certificate of a folder, and from then on `use` of each that takes its place; one that is no pair leaves the one
 *  before in use. Rejects when there is none to begin with. */
export async function followCertificate(
  options: CertificateOptions,
  use: (pair: KeyPair) => void,
): Promise<{ readonly first: KeyPair; close(): void }> {
  const { folder, owner, log, everyMs = 1000, onRead } = options;
  let last = await readPair(options);
  try {
    onRead?.(true, endOf(last));
  } catch (cause) {
    throw unusable(options, cause);
  }
  const first = last;
  const look = async () => {
    const found = await readPair(options);
    if (found.cert === last.cert && found.key === last.key) return;
    last = found;
    const end = endOf(found);
    use(found);
    onRead?.(true, end);
    log.info({ folder }, `the certificate of ${owner} has changed and is in use`);
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      onRead?.(false);
      log.warn({ folder, err: error }, "the changed certificate cannot be used: the one before stays");
    });
  }, everyMs);
  return { first, close: () => clearInterval(timer) };
}

/** Rejects with where the files should be. */
async function readPair(options: CertificateOptions): Promise<KeyPair> {
  const read = (name: string) => readFile(join(options.folder, name), "utf8");
  const [cert, key] = await Promise.all([read("tls.crt"), read("tls.key")]).catch((cause: unknown) => {
    throw unusable(options, cause);
  });
  return { cert, key };
}

/** Until when the certificate is good. Throws when the two are not there yet, or do not belong together. */
function endOf({ cert, key }: KeyPair): number {
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("tls.key is not the key of tls.crt");
  return certificate.validToDate.getTime();
}

function unusable({ folder, owner, flag }: CertificateOptions, cause: unknown): Error {
  const next = `put tls.crt and tls.key into ${folder}, or name another folder with --${flag}`;
  return new Error(`reading the certificate of ${owner}: ${messageOf(cause)}; ${next}`, { cause });
}
