/** Runs inside a network namespace and connects who comes from outside: each connection to the socket at the given path
 *  begins with a line `<host>:<port>`. */
import { connect, createServer, type Socket } from "node:net";

const newline = 10;

createServer({ allowHalfOpen: true }, (outside) => {
  let head = Buffer.alloc(0);
  outside.on("error", () => outside.destroy());
  outside.on("data", function onData(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(newline);
    if (end < 0) return;
    outside.off("data", onData);
    outside.pause();
    join(outside, head.subarray(0, end).toString(), head.subarray(end + 1));
  });
}).listen(process.argv[2]);

function join(outside: Socket, target: string, first: Buffer): void {
  const [, host = "", port] = /^(.*):(\d+)$/.exec(target) ?? [];
  const inside = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  inside.once("connect", () => {
    if (first.length > 0) inside.write(first);
    outside.pipe(inside).pipe(outside);
  });
  for (const [from, to] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}
