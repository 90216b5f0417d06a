import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type Answer, failedAnswer, textAnswer } from "./answer.ts";
import type { Posted } from "./responder.ts";

/** What the official Node function runtime tells of a request, as far as it is used. */
export interface FaasContext {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed already where it is JSON. */
  readonly body?: unknown;
}
/** What that runtime sends as it stands: an event as an object it would know only by the name of its class. */
export interface FaasReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}
/** What it looks for in a module. */
export interface FaasModule {
  init(): Promise<void>;
  handle(context: FaasContext): Promise<FaasReply>;
  shutdown(): Promise<void>;
}
/** Functions at work, without a server. */
export interface Working {
  respond(posted: Posted): Promise<Answer>;
  stop(): Promise<void>;
}

/** The answers to what is under way at the end need a moment to be sent: the runtime exits at once. */
const flushMs = 100;

/** A module for faas-js-runtime. It never throws, since that would tell internals, and take any `code` of an error for
 *  the status; it waits at the end, where that runtime would cut off what is under way. */
export function faasModule(start: () => Promise<Working>): FaasModule {
  let working: Promise<Working> | undefined;
  const started = () => {
    working ??= start();
    return working;
  };
  return {
    async init() {
      await started();
    },
    async handle(context) {
      if (context.method !== "POST") return reply(notAllowed);
      try {
        const { respond } = await started();
        return reply(await respond({ path: "/", headers: headersOf(context), body: bytesOf(context.body) }));
      } catch (error) {
        console.error(`answering an event: ${messageOf(error)}`);
        return reply(failedAnswer("failed"));
      }
    },
    async shutdown() {
      await (await working)?.stop();
      await delay(flushMs);
    },
  };
}

const notAllowed: Answer = { ...textAnswer(405, "POST an event"), headers: { allow: "POST" } };

const reply = ({ status, headers, body }: Answer): FaasReply => ({
  statusCode: status,
  headers,
  body: typeof body === "string" ? body : Buffer.from(body),
});

const headersOf = ({ headers }: FaasContext): readonly (readonly [string, string])[] =>
  Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));

/** The event is read here as everywhere: that runtime does not decode header values. */
function bytesOf(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}
