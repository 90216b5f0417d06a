import { type Cause, invalid } from "../status-error.ts";

/** How a write was asked for. */
export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly manager: string;
  /** As the client has named it; else its user agent counts. */
  readonly fieldManager?: string;
  readonly force: boolean;
  readonly validation: "Strict" | "Warn" | "Ignore";
  /** The object brings the record of its managers along. */
  readonly isApply?: boolean;
  /** The object is the result of a patch. */
  readonly isPatch?: boolean;
  /** Paths of fields that the body names more than once. */
  readonly duplicates?: readonly string[];
}

export function writeOptions(query: URLSearchParams, userAgent: string, kind: string): WriteOptions {
  const causes: Cause[] = [];
  const unsupported = (field: string, shown: string, values: readonly string[]) => {
    const supported = values.map((value) => JSON.stringify(value)).join(", ");
    const message = `Unsupported value: ${shown}: supported values: ${supported}`;
    causes.push({ reason: "FieldValueNotSupported", message, field });
  };
  const dryRun = query.getAll("dryRun").filter(Boolean);
  if (dryRun.some((value) => value !== "All")) unsupported("dryRun", JSON.stringify(dryRun), ["All"]);
  const validation = query.get("fieldValidation") ?? "";
  if (!isValidation(validation)) {
    unsupported("fieldValidation", JSON.stringify(validation), ["", "Ignore", "Strict", "Warn"]);
  }
  const manager = query.get("fieldManager") ?? "";
  if (manager.length > maxManager) {
    const message = `Too long: may not be more than ${maxManager} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: "fieldManager" });
  }
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", plural: "", kind }, "", causes);
  return {
    isDryRun: dryRun.length > 0,
    manager: manager || userAgent.split("/")[0] || "unknown",
    ...(manager && { fieldManager: manager }),
    force: query.get("force") === "true",
    validation: isValidation(validation) && validation !== "" ? validation : "Warn",
  };
}

const maxManager = 128;
const isValidation = (text: string): text is WriteOptions["validation"] | "" =>
  ["", "Strict", "Warn", "Ignore"].includes(text);
