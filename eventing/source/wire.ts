import { z } from "zod";
import { ApiError } from "../../shared/kcp/client.ts";
import { withoutManagedFields } from "../../shared/kcp/managed-fields.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";

/** One page of a list, or all of it. */
export interface Page<T extends KubeObject> {
  readonly objects: readonly T[];
  readonly resourceVersion: string;
  /** Token of the next page; empty at the end. */
  readonly next: string;
}
/** One line of a watch. */
export type Watched<T extends KubeObject> = Change<T> | Bookmark;
export interface Change<T extends KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
}
interface Bookmark {
  readonly type: "BOOKMARK";
  readonly resourceVersion: string;
}

const metadata = z.looseObject({ name: z.string(), uid: z.string(), resourceVersion: z.string() });
const page = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().default("") }),
  items: z.array(z.looseObject({ metadata })),
});
const status = z.object({
  code: z.number().default(500),
  reason: z.string().default("Unknown"),
  message: z.string().default("no message"),
});
const line = z.discriminatedUnion("type", [
  z.object({
    type: z.enum(["ADDED", "MODIFIED", "DELETED"]),
    object: z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata }),
  }),
  z.object({
    type: z.literal("BOOKMARK"),
    object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }),
  }),
  z.object({ type: z.literal("ERROR"), object: status }),
]);

/** The URL that was asked decides on `T`; what every object has is checked. */
export function parsePage<T extends KubeObject>(text: string): Page<T> {
  const { apiVersion, kind, metadata, items } = page.parse(JSON.parse(text));
  const itemKind = kind.replace(/List$/, "");
  return {
    // Items do not say themselves what the list says for all of them.
    objects: items.map((item) => withoutManagedFields({ ...item, apiVersion, kind: itemKind } as unknown as T)),
    resourceVersion: metadata.resourceVersion,
    next: metadata.continue,
  };
}

/** Throws ApiError when the line is the server's refusal to go on. */
export function parseWatched<T extends KubeObject>(text: string): Watched<T> {
  const said = line.parse(JSON.parse(text));
  if (said.type === "ERROR") throw new ApiError(said.object.message, said.object);
  if (said.type === "BOOKMARK") return { type: said.type, resourceVersion: said.object.metadata.resourceVersion };
  return { type: said.type, object: withoutManagedFields(said.object as unknown as T) };
}

/** The error that an answer other than 200 stands for. */
export function refused(code: number, text: string): ApiError {
  const said = status.partial().safeParse(parseJson(text));
  const { reason = "Unknown", message = text.slice(0, 200) } = said.success ? said.data : {};
  return new ApiError(message, { code, reason });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
