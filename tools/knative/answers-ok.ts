import { get } from "node:http";
import type { Place } from "./place.ts";

export interface Endpoint {
  /** 127.0.0.1 of the place unless given. */
  readonly host?: string;
  readonly port: number;
  readonly path: string;
}

/** Whether a server at the place answers 200. */
export function answersOk(
  place: Pick<Place, "connect">,
  { host = "127.0.0.1", port, path }: Endpoint,
): Promise<boolean> {
  return new Promise((resolve) => {
    const createConnection = () => place.connect(host, port);
    const sent = get({ path, timeout: 2000, createConnection }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.once("timeout", () => sent.destroy());
    sent.once("error", () => resolve(false));
  });
}
