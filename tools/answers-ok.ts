import { get } from "node:http";
import { get as getSecurely } from "node:https";
import { connect as connectTls } from "node:tls";
import type { Place } from "./place.ts";

export interface Endpoint {
  /** 127.0.0.1 of the place unless given. */
  readonly host?: string;
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificate to trust, for who serves HTTPS. */
  readonly ca?: string | Buffer;
}

/** Whether a server at the place answers 200. */
export function answersOk(place: Pick<Place, "connect">, endpoint: Endpoint): Promise<boolean> {
  const { host = "127.0.0.1", port, path, headers = {}, ca } = endpoint;
  const socket = () => place.connect(host, port);
  const options = { host, port, path, headers, timeout: 5000 };
  return new Promise((resolve) => {
    const sent = ca
      ? getSecurely({ ...options, createConnection: () => connectTls({ socket: socket(), host, ca }) })
      : get({ ...options, createConnection: socket });
    sent.once("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.once("timeout", () => sent.destroy());
    sent.once("error", () => resolve(false));
  });
}
