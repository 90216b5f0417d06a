import { asString, type Json, type JsonObject } from "./json.ts";
import { badRequest, unsupportedMediaType } from "./status-error.ts";

/** Media type in which kubectl sends objects of types that it knows itself, as in `kubectl create namespace`. */
export const protobufType = "application/vnd.kubernetes.protobuf";

type Scalar = "string" | "bytes" | "bool" | "int" | "time";
type Shape = Scalar | Message;
/** Fields of a message by number; `[]` at the end of a name means many, `{}` a map by strings. */
type Message = Readonly<Record<number, readonly [name: string, shape: Shape]>>;

const ownerReference: Message = {
  1: ["kind", "string"],
  3: ["name", "string"],
  4: ["uid", "string"],
  5: ["apiVersion", "string"],
  6: ["controller", "bool"],
  7: ["blockOwnerDeletion", "bool"],
};
const metadata: Message = {
  1: ["name", "string"],
  2: ["generateName", "string"],
  3: ["namespace", "string"],
  5: ["uid", "string"],
  6: ["resourceVersion", "string"],
  8: ["creationTimestamp", "time"],
  11: ["labels{}", "string"],
  12: ["annotations{}", "string"],
  13: ["ownerReferences[]", ownerReference],
  14: ["finalizers[]", "string"],
};
const rule: Message = {
  1: ["verbs[]", "string"],
  2: ["apiGroups[]", "string"],
  3: ["resources[]", "string"],
  4: ["resourceNames[]", "string"],
  5: ["nonResourceURLs[]", "string"],
};
const subject: Message = {
  1: ["kind", "string"],
  2: ["apiGroup", "string"],
  3: ["name", "string"],
  4: ["namespace", "string"],
};
const roleRef: Message = { 1: ["apiGroup", "string"], 2: ["kind", "string"], 3: ["name", "string"] };
const resourceAttributes: Message = {
  1: ["namespace", "string"],
  2: ["verb", "string"],
  3: ["group", "string"],
  4: ["version", "string"],
  5: ["resource", "string"],
  6: ["subresource", "string"],
  7: ["name", "string"],
};
const accessSpec: Message = {
  1: ["resourceAttributes", resourceAttributes],
  2: ["nonResourceAttributes", { 1: ["path", "string"], 2: ["verb", "string"] }],
};
const object = (fields: Message): Message => ({ 1: ["metadata", metadata], ...fields });
const role = object({ 2: ["rules[]", rule] });
const roleBinding = object({ 2: ["subjects[]", subject], 3: ["roleRef", roleRef] });

const kinds: Readonly<Record<string, Message>> = {
  Namespace: object({ 2: ["spec", { 1: ["finalizers[]", "string"] }] }),
  ConfigMap: object({ 2: ["data{}", "string"], 3: ["binaryData{}", "bytes"], 4: ["immutable", "bool"] }),
  Secret: object({
    2: ["data{}", "bytes"],
    3: ["type", "string"],
    4: ["stringData{}", "string"],
    5: ["immutable", "bool"],
  }),
  ServiceAccount: object({ 4: ["automountServiceAccountToken", "bool"] }),
  Role: role,
  ClusterRole: role,
  RoleBinding: roleBinding,
  ClusterRoleBinding: roleBinding,
  SelfSubjectAccessReview: object({ 2: ["spec", accessSpec] }),
  SelfSubjectRulesReview: object({ 2: ["spec", { 1: ["namespace", "string"] }] }),
  SelfSubjectReview: object({}),
  DeleteOptions: {
    2: ["preconditions", { 1: ["uid", "string"], 2: ["resourceVersion", "string"] }],
    4: ["propagationPolicy", "string"],
    5: ["dryRun[]", "string"],
  },
};

const magic = Buffer.from("k8s\0");
const envelope: Message = { 1: ["type", { 1: ["apiVersion", "string"], 2: ["kind", "string"] }], 2: ["raw", "bytes"] };

/** The object in a body of that media type. Throws 415 for a kind that is not known here, 400 for garbage. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, magic.length).equals(magic)) {
    throw badRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  const { type, raw } = read(body.subarray(magic.length), envelope);
  const { apiVersion = "", kind = "" } = (type ?? {}) as { apiVersion?: string; kind?: string };
  const message = kinds[kind];
  if (!message) throw unsupportedMediaType(["application/json", "application/yaml"]);
  return { apiVersion, kind, ...read(Buffer.from(asString(raw), "base64"), message) };
}

function read(bytes: Buffer, message: Message): JsonObject {
  const result: Record<string, Json> = {};
  const reader = new Reader(bytes);
  for (let field = reader.field(); field; field = reader.field()) {
    const known = message[field.number];
    if (!known) continue;
    const [name, shape] = known;
    if (name.endsWith("[]")) {
      const key = name.slice(0, -2);
      result[key] = [...((result[key] as readonly Json[] | undefined) ?? []), decoded(field, shape)];
    } else if (name.endsWith("{}")) {
      const key = name.slice(0, -2);
      const entry = read(field.bytes, { 1: ["key", "string"], 2: ["value", shape] });
      result[key] = { ...((result[key] as JsonObject | undefined) ?? {}), [asString(entry.key)]: entry.value ?? "" };
    } else {
      const value = decoded(field, shape);
      // What is not set is sent empty.
      if (value !== "") result[name] = value;
    }
  }
  return result;
}

interface Field {
  readonly number: number;
  readonly varint: number;
  readonly bytes: Buffer;
}

function decoded({ varint, bytes }: Field, shape: Shape): Json {
  if (typeof shape === "object") return read(bytes, shape);
  if (shape === "bool") return varint === 1;
  if (shape === "int") return varint;
  if (shape === "bytes") return bytes.toString("base64");
  if (shape === "string") return bytes.toString("utf8");
  const seconds = read(bytes, { 1: ["seconds", "int"] }).seconds;
  return typeof seconds === "number" && seconds > 0 ? new Date(seconds * 1000).toISOString() : "";
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  field(): Field | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const tag = this.#varint();
    const number = Math.floor(tag / 8);
    const none = Buffer.alloc(0);
    switch (tag % 8) {
      case 0:
        return { number, varint: this.#varint(), bytes: none };
      case 1:
        return { number, varint: 0, bytes: this.#take(8) };
      case 2:
        return { number, varint: 0, bytes: this.#take(this.#varint()) };
      case 5:
        return { number, varint: 0, bytes: this.#take(4) };
      default:
        throw badRequest("the protobuf message is damaged");
    }
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw badRequest("the protobuf message ends early");
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw badRequest("the protobuf message ends early");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
