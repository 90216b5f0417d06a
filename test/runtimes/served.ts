import { join } from "node:path";
import { root } from "../../tools/paths.ts";
import { HttpProcess, type Program, postEvent } from "./http-process.ts";
import type { Running, Runtime, Surroundings } from "./runtime.ts";

const node = process.execPath;

/** pm serve with all functions in one process, each on its path. */
export const pmServe: Runtime = {
  name: "pm serve",
  isHttp: true,
  async start(surroundings) {
    const program = { command: join(root, "bin", "pm"), args: ["serve"] };
    let running = await HttpProcess.start(program, "pm-serve", surroundings);
    const urlOf = async (fn: string) => `${running.url}/${fn}`;
    return {
      urlOf,
      deliver: async (fn, event, mode) => postEvent(await urlOf(fn), event, mode),
      async terminate() {
        const code = await running.terminate();
        running = await HttpProcess.start(program, "pm-serve", surroundings);
        return code;
      },
      stop: async () => void (await running.terminate()),
    };
  },
};

const bundleOf = (fn: string) => join(root, "functions", fn, "dist", "index.js");

/** The bundle of each function as the program of a container of its own. */
export const bundle: Runtime = {
  name: "container of one function",
  isHttp: true,
  start: (surroundings) => each((fn) => ({ command: node, args: [bundleOf(fn)] }), surroundings),
};

/** The same file in the official runtime. */
export const faas: Runtime = {
  name: "faas-js-runtime",
  isHttp: true,
  isForeign: true,
  start: (surroundings) => {
    const cli = join(root, "node_modules", "faas-js-runtime", "bin", "cli.js");
    return each((fn) => ({ command: node, args: [cli, bundleOf(fn)], cwd: surroundings.folder }), surroundings);
  },
};

/** A process for each function, from the first time that somebody asks for it. */
async function each(programOf: (fn: string) => Program, surroundings: Surroundings): Promise<Running> {
  const processes = new Map<string, Promise<HttpProcess>>();
  const processOf = (fn: string) => {
    const program = programOf(fn);
    const started = processes.get(fn) ?? HttpProcess.start(program, `${program.args.length}-${fn}`, surroundings);
    processes.set(fn, started);
    return started;
  };
  const urlOf = async (fn: string) => `${(await processOf(fn)).url}/`;
  return {
    urlOf,
    deliver: async (fn, event, mode) => postEvent(await urlOf(fn), event, mode),
    async terminate(fn) {
      const running = await processOf(fn);
      processes.delete(fn);
      return running.terminate();
    },
    async stop() {
      await Promise.all([...processes.values()].map(async (started) => (await started).terminate()));
    },
  };
}
