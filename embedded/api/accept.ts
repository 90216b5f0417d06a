import { StatusError } from "../status-error.ts";
import type { Incoming } from "./incoming.ts";

/** Whole objects, rows for people, or metadata alone. */
export type Form = "objects" | "table" | "metadata";

const forms: Readonly<Record<string, Form>> = {
  "": "objects",
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata",
};
const accepted = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/** The first form that a client accepts and that there is; throws 406 when there is none. It is JSON in any case. */
export function formOf({ headers }: Incoming): Form {
  const ranges = String(headers.accept || "*/*").split(",");
  for (const range of ranges) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const form = forms[parameters.find((each) => each.startsWith("as="))?.slice(3) ?? ""];
    const isJson = ["*/*", "application/*", "application/json"].includes(type);
    if (form && (isJson || (type === "application/yaml" && form === "objects"))) return form;
  }
  throw new StatusError(`only the following media types are accepted: ${accepted.join(", ")}`, {
    code: 406,
    reason: "NotAcceptable",
  });
}
