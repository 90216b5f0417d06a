import { connect, type Socket } from "node:net";
import type { ServerSpec } from "./server.ts";

/** Where servers run: on this machine itself, or in namespaces of their own. */
export interface Place {
  /** The address that they listen on. */
  readonly address: string;
  /** How a command is started there. */
  wrap(command: string, args: readonly string[]): Pick<ServerSpec, "command" | "args">;
  /** A connection to a server there. */
  connect(host: string, port: number): Socket;
}

export const thisMachine: Place = {
  address: "127.0.0.1",
  wrap: (command, args) => ({ command, args }),
  connect: (host, port) => connect({ host, port }),
};
