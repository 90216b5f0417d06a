import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { isMap, type Json } from "./answer.ts";

/** What the server does with a question: the path of the webhook's URL says which. */
const answers: Readonly<Record<string, (request: Json) => object | string | undefined>> = {
  allow: () => ({ allowed: true }),
  warn: () => ({ allowed: true, warnings: ["take care"] }),
  deny: () => ({ allowed: false }),
  "deny-why": () => ({ allowed: false, status: { message: "not today", code: 403, reason: "Forbidden" } }),
  "deny-reason": () => ({ allowed: false, status: { reason: "Because" } }),
  patch: () => patched([{ op: "add", path: "/metadata/labels/hooked", value: "yes" }]),
  "patch-nothing": () => patched([{ op: "remove", path: "/metadata/labels/none" }]),
  text: () => "no JSON",
  silent: () => undefined,
};

const patched = (operations: readonly object[]) => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

/** An HTTPS server of admission webhooks. */
export class HookServer {
  readonly #server: Server;
  /** What was asked at each path. */
  readonly asked = new Map<string, Json[]>();

  private constructor(tls: { readonly cert: string; readonly key: string }) {
    this.#server = createServer(tls, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const review = JSON.parse(Buffer.concat(chunks).toString());
      const path = new URL(request.url ?? "/", "https://hook").pathname.slice(1);
      this.asked.set(path, [...(this.asked.get(path) ?? []), review]);
      const [, kind = ""] = path.split("/");
      if (kind === "error") return void response.writeHead(500).end("out of order");
      const answer = answers[kind]?.(review);
      if (answer === undefined) return;
      if (typeof answer === "string") return void response.end(answer);
      const { apiVersion } = review;
      const uid = isMap(review.request) ? review.request.uid : "";
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ apiVersion, kind: "AdmissionReview", response: { uid, ...answer } }));
    });
  }

  static async start(tls: { readonly cert: string; readonly key: string }): Promise<HookServer> {
    const made = new HookServer(tls);
    made.#server.listen(0, "127.0.0.1");
    await once(made.#server, "listening");
    return made;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
