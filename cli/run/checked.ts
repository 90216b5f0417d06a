import { z } from "zod";
import { UsageError } from "../errors.ts";

/** What a schema makes of flags; throws UsageError that names each flag that it does not take. */
export function checked<S extends z.ZodType>(schema: S, flags: object, where: string): z.output<S> {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`);
  throw new UsageError(problems.join("; "), { where, next: `${where} --help` });
}

/** `:9090`, `127.0.0.1:9090`, `[::1]:9090`; `0` and nothing mean: none. */
export const address = z.string().transform((text, context) => {
  if (text === "0" || text === "") return undefined;
  const [, bracketed, host = bracketed, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return { ...(host && { host }), port: Number(port) };
  context.addIssue({ code: "custom", message: `"${text}" is no address: use host:port, :port, or 0 for none` });
  return z.NEVER;
});

/** Where other servers are asked to post to. */
export const httpUrl = z.string().refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""), {
  error: ({ input }) => `"${input}" is no URL, as http://localhost:8080`,
});
