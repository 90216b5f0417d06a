import { readFile } from "node:fs/promises";
import { IdentityError } from "./identity.ts";

/** Reads a secret from its file. A missing or an empty one may be there later: secrets are rotated while we run. */
export async function readSecret(file: string, what: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new IdentityError(`reading ${what}: ${cause instanceof Error ? cause.message : cause}`, "unavailable", {
      cause,
    });
  }
  if (!text) throw new IdentityError(`reading ${what}: ${file} is empty`, "unavailable");
  return text;
}
