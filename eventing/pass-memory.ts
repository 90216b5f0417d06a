import type { Reader, Writer } from "../shared/kcp/client.ts";
import type { Backend } from "../shared/pass.ts";

/** The same backend for one invocation, which asks the server for the same only once between two writes: a handler looks
 *  at an object wherever it needs it, since the store of `pm run` costs nothing. */
export function rememberingReads(backend: Backend): Backend {
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const known = answers.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const asked = read();
    answers.set(key, asked);
    // What failed is asked again.
    asked.catch(() => {
      if (answers.get(key) === asked) answers.delete(key);
    });
    return asked;
  };
  const { reader } = backend;
  return {
    ...backend,
    reader: {
      get: (kind, cluster, name, call) =>
        once(`${kind} ${cluster} ${name}`, () => reader.get(kind, cluster, name, call)),
      list: (kind, cluster, call) => once(`${kind} ${cluster}`, () => reader.list(kind, cluster, call)),
    } satisfies Reader,
    writer: forgettingAfter(backend.writer, () => answers.clear()),
    async refresh(...object) {
      answers.clear();
      await backend.refresh(...object);
    },
  };
}

function forgettingAfter(writer: Writer, forget: () => void): Writer {
  const then = async <T>(write: Promise<T>): Promise<T> => {
    try {
      return await write;
    } finally {
      // Also when it failed: the server may have done it all the same.
      forget();
    }
  };
  return {
    create: (...write) => then(writer.create(...write)),
    mergePatch: (...write) => then(writer.mergePatch(...write)),
    apply: (...write) => then(writer.apply(...write)),
    delete: (...write) => then(writer.delete(...write)),
  };
}
