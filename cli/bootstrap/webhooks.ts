import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { z } from "zod";
import { validatePath } from "../../eventing/admission/server.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { UsageError } from "../errors.ts";
import type { Webhooks } from "./manifests.ts";
import { type WaitOptions, waitUntil } from "./wait.ts";

/** The webhook server as flags name it. */
export interface WebhookFlags {
  readonly url?: string | undefined;
  /** File of PEM certificates. */
  readonly ca?: string | undefined;
}

/** `undefined` without flags. Throws UsageError. */
export async function readWebhooks({ url, ca }: WebhookFlags = {}): Promise<Webhooks | undefined> {
  if (url === undefined && ca === undefined) return undefined;
  const next = "pm bootstrap --help";
  if (url === undefined || ca === undefined)
    throw new UsageError("--webhook-url and --webhook-ca belong together", { next });
  const parsed = URL.parse(url);
  if (parsed?.protocol !== "https:" || parsed.search || parsed.hash) {
    throw new UsageError(`--webhook-url ${url} is no https URL`, {
      next: "as https://account-functions.example.org:9443",
    });
  }
  const pem = await readFile(ca, "utf8").catch((cause: unknown) => {
    throw new UsageError(`cannot read ${ca}`, { why: messageOf(cause), next, cause });
  });
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`${ca} holds no PEM certificate`, {
      next: "name the CA that signed the webhook server's certificate",
    });
  }
  return { url: url.replace(/\/+$/, ""), ca: pem };
}

/** Waits until the server answers a review, since a registration of one that does not fails every write of an Account. */
export function untilServed(webhooks: Webhooks, wait: Omit<WaitOptions, "next">): Promise<void> {
  const next = "is pm run --webhooks-enabled running there, with a certificate of the CA in --webhook-ca?";
  const look = () => review(webhooks).catch(messageOf);
  return waitUntil(`the webhook server ${webhooks.url}`, look, { ...wait, next });
}

const answered = z.looseObject({ response: z.looseObject({ uid: z.string(), allowed: z.boolean() }) });
const timeoutMs = 5000;

/** What is wrong with the answer to a review that changes nothing; rejects when there is none. */
async function review({ url, ca }: Webhooks): Promise<string | undefined> {
  const uid = randomUUID();
  const object = {
    kind: "Account",
    metadata: { name: "probe", deletionTimestamp: new Date().toISOString() },
    spec: {},
  };
  const body = JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid, operation: "UPDATE", userInfo: { username: "pm bootstrap" }, object, oldObject: object },
  });
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | undefined; text: string }>();
  const options = {
    method: "POST",
    ca,
    headers: { "content-type": "application/json" },
    agent: false,
    timeout: timeoutMs,
  };
  const sent = request(`${url}${validatePath}`, options, async (response) => {
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    resolve({ code: response.statusCode, text });
  });
  sent.once("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
  sent.once("error", reject);
  sent.end(body);
  const { code, text } = await promise;
  if (code !== 200) return `it answers ${code}: ${text.slice(0, 200).trim()}`;
  const { response } = answered.parse(JSON.parse(text));
  return response.uid === uid && response.allowed ? undefined : `it answers ${text.slice(0, 200)}`;
}
