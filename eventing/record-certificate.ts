import type { Metrics } from "../shared/metrics.ts";
import type { CertificateOptions } from "./certificate.ts";

/** Counts what is read of a server's certificate, and tells when the one in use ends. */
export function recordCertificate(
  { process }: Metrics,
  server: "admission" | "authorization",
): NonNullable<CertificateOptions["onRead"]> {
  const { certificateReads, certificateErrors, certificateEnd } = process;
  return (usable, end) => {
    (usable ? certificateReads : certificateErrors).inc();
    if (end !== undefined) certificateEnd.set({ server }, end / 1000);
  };
}
