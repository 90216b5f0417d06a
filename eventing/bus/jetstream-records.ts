import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { Log } from "../../shared/function.ts";
import { systemClock } from "../clock.ts";
import type { Invocation } from "../recording/invocation.ts";
import type { RecordBounds, Records } from "./archive.ts";
import { fitInvocation, largestRecording } from "./fit-invocation.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import { ensureRecordStream } from "./jetstream-stream.ts";
import { Losses } from "./losses.ts";
import type { Subjects } from "./subjects.ts";

export interface JetStreamRecordsOptions {
  readonly link: JetStreamLink;
  readonly stream: string;
  readonly subjects: Subjects;
  readonly replicas: number;
  readonly log: Log;
  /** Of one recording, as the server takes it now. */
  readonly maxBytes: () => number;
}
interface Waiting {
  readonly id: string;
  readonly subject: string;
  readonly body: Uint8Array;
}

/** So long recordings are gathered before they are sent. */
const gatherMs = 100;
const retryMs = 1_000;
const flushLimitMs = 2_000;
const batchSize = 64;
/** What the server refuses so often, while it answers, it will never take; the rest must not wait for ever. */
const maxTries = 20;
/** What waits while NATS is away; the oldest is given up beyond it. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** Recordings on their way to a stream of their own. Its troubles are none of the bus, which neither waits for it nor
 *  counts as disconnected without it. */
export class JetStreamRecords implements Records {
  readonly #options: JetStreamRecordsOptions;
  readonly #losses: Losses;
  readonly #instance = randomUUID();
  #bounds: RecordBounds;
  #hasStream = false;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #count = 0;
  #sending: Promise<void> | undefined;

  constructor(options: JetStreamRecordsOptions, bounds: RecordBounds) {
    this.#options = options;
    this.#losses = new Losses(options.log, systemClock);
    this.#bounds = bounds;
  }

  bound(bounds: RecordBounds): void {
    this.#bounds = bounds;
    this.#hasStream = false;
  }

  get lost(): number {
    return this.#losses.total;
  }

  append(invocation: Invocation): void {
    const maxBytes = largestRecording(this.#options.maxBytes(), this.#bounds);
    const body = fitInvocation(invocation, maxBytes);
    if (!body) {
      this.#losses.add(1, `larger than ${maxBytes} bytes`);
      return;
    }
    const subject = this.#options.subjects.recording(invocation.event, invocation.function);
    this.#waiting.push({ id: `${this.#instance}/${++this.#count}`, subject, body });
    this.#waitingBytes += body.byteLength;
    this.#giveUpBeyond(maxWaitingBytes);
    this.#sending ??= this.#send();
  }

  async flush(): Promise<void> {
    if (!this.#options.link.connected) return;
    await Promise.race([this.#sending, delay(flushLimitMs, undefined, { ref: false })]);
  }

  async #send(): Promise<void> {
    const { link } = this.#options;
    await delay(gatherMs, undefined, { ref: false });
    let tries = 0;
    while (this.#waiting.length > 0 && !link.nc.isClosed()) {
      try {
        await link.ready();
        await this.#sendBatch();
        tries = 0;
      } catch (error) {
        this.#hasStream = false;
        tries = link.connected ? tries + 1 : 0;
        this.#giveUp(tries > 0 && tries % maxTries === 0 ? batchSize : 0, error);
        await delay(retryMs, undefined, { ref: false });
      }
    }
    this.#sending = undefined;
  }

  /** Only the last of a batch is confirmed: the server stores what comes over one connection in its order. After a
   *  failure all are sent again, and those that were stored are known by their ids. */
  async #sendBatch(): Promise<void> {
    const { link, stream, subjects, replicas } = this.#options;
    const batch = this.#waiting.splice(0, batchSize);
    for (const { body } of batch) this.#waitingBytes -= body.byteLength;
    try {
      if (!this.#hasStream) await ensureRecordStream(link.jsm, { stream, subjects, replicas, ...this.#bounds });
      this.#hasStream = true;
      const [last] = batch.slice(-1);
      for (const { subject, body, id } of batch.slice(0, -1)) link.nc.publish(subject, body, { headers: idHeader(id) });
      if (last) await link.js.publish(last.subject, last.body, { msgID: last.id });
    } catch (error) {
      this.#waiting.unshift(...batch);
      for (const { body } of batch) this.#waitingBytes += body.byteLength;
      this.#giveUpBeyond(maxWaitingBytes);
      throw error;
    }
  }

  #giveUpBeyond(maxBytes: number): void {
    let excess = this.#waitingBytes - maxBytes;
    let count = 0;
    for (; excess > 0; count++) excess -= this.#waiting[count]?.body.byteLength ?? excess;
    if (count > 0) this.#giveUp(count, "NATS is away or too slow");
  }

  /** The oldest ones. */
  #giveUp(count: number, reason: unknown): void {
    const gone = this.#waiting.splice(0, count);
    for (const { body } of gone) this.#waitingBytes -= body.byteLength;
    this.#losses.add(gone.length, reason);
  }
}

function idHeader(id: string): MsgHdrs {
  const result = headers();
  result.set("Nats-Msg-Id", id);
  return result;
}
