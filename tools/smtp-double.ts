import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { type Mail, parseMail } from "./mail.ts";

/** A mail server on 127.0.0.1 that delivers nothing and keeps everything in memory. */
export interface Mailbox extends AsyncDisposable {
  readonly port: number;
  /** Oldest first. */
  mails(): readonly Mail[];
  /** The first mail to this address, from `after` mails to it on, as soon as it is there; rejects once it is aborted. */
  waitFor(to: string, options?: { readonly after?: number; readonly signal?: AbortSignal }): Promise<Mail>;
  /** Each mail that comes from now on; ends with the mailbox. */
  arrivals(): AsyncIterable<Mail>;
  /** While true each mail is refused with 451, as by a server whose disk is full. */
  refuse(refusing: boolean): void;
  /** Ends it; what waits is rejected. */
  stop(): Promise<void>;
}

export async function startMailbox({ port = 0 } = {}): Promise<Mailbox> {
  const mails: Mail[] = [];
  const arrival = new EventTarget();
  const ended = new AbortController();
  let refusing = false;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    async onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      if (refusing) {
        callback(Object.assign(new Error("told to refuse"), { responseCode: 451 }));
        return;
      }
      const to = session.envelope.rcptTo.map(({ address }) => address);
      mails.push(parseMail(Buffer.concat(chunks), to));
      arrival.dispatchEvent(new Event("mail"));
      callback();
    },
  });
  // A client that goes away in the middle of a session is no failure of ours.
  server.on("error", () => undefined);
  const listening = once(server.server, "listening");
  server.listen(port, "127.0.0.1");
  await listening;

  const stop = async () => {
    ended.abort(new Error("the mail server was stopped"));
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    port: (server.server.address() as AddressInfo).port,
    mails: () => [...mails],
    async waitFor(to, { after = 0, signal } = {}) {
      const until = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
      const arrived = () =>
        mails.filter((mail) => mail.to.some((one) => one.toLowerCase() === to.toLowerCase()))[after];
      for (;;) {
        const mail = arrived();
        if (mail) return mail;
        until.throwIfAborted();
        await eventOf(arrival, until);
      }
    },
    async *arrivals() {
      for (let next = mails.length; ; next++) {
        while (next === mails.length && !ended.signal.aborted)
          await eventOf(arrival, ended.signal).catch(() => undefined);
        const mail = mails[next];
        if (!mail) return;
        yield mail;
      }
    },
    refuse(value) {
      refusing = value;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Rejects once the signal is aborted. */
async function eventOf(target: EventTarget, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = () => reject(signal.reason);
  target.addEventListener("mail", () => resolve(), { once: true });
  signal.addEventListener("abort", aborted, { once: true });
  await promise.finally(() => signal.removeEventListener("abort", aborted));
}
