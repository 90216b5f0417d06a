import { z } from "zod";
import type { Address } from "../eventing/run-config.ts";

/** `:9090`, `127.0.0.1:9090`, `[::1]:9090`; `0` and nothing mean: none. */
export const address = z.string().transform((text, context): Address | undefined => {
  if (text === "0" || text === "") return undefined;
  const [, bracketed, host = bracketed, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return { ...(host && { host }), port: Number(port) };
  context.addIssue({ code: "custom", message: `"${text}" is no address: use host:port, :port, or 0 for none` });
  return z.NEVER;
});
