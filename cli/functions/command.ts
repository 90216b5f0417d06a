import { setTimeout as delay } from "node:timers/promises";
import { defineCommand, type Io } from "../command.ts";
import { exit, UsageError } from "../errors.ts";
import { print } from "../output.ts";
import { runningFunctions } from "./ask.ts";
import { functionTable } from "./render.ts";

const everyMs = 2_000;
const fromTheTop = "\u001b[H\u001b[2J";

export default defineCommand({
  name: "functions",
  summary: "The functions of a pm run: state, events, errors, cold starts",
  description: `Asks a running pm run, at the address of its metrics. STATE is in-process, or, with pm run --isolation process, that
of the function's own process: stopped while there is nothing to do, starting, or running with its pid. ERRORS/5M are
events of the last five minutes that failed, P95 is of the last 1,000 events, COLD STARTS says how long the process took
to be ready, IDLE since when there is no work, LAG how many events wait for their turn.`,
  options: {
    url: {
      type: "string",
      env: "PM_METRICS_URL",
      default: "http://127.0.0.1:9090",
      description: "where pm run serves its metrics",
    },
    watch: { type: "boolean", description: "show it again every 2 s, until Ctrl-C" },
  },
  examples: [
    { run: "pm functions", does: "those of the pm run on this machine" },
    { run: "pm functions --watch", does: "see processes come and go" },
    { run: "pm functions -o json", does: "for scripts, durations in milliseconds" },
  ],
  async run({ options }, io) {
    const { url, output, timeout: timeoutMs } = options;
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
      const next = "pm functions --url http://127.0.0.1:9090";
      throw new UsageError(`--url: "${url}" is no URL`, { where: "pm functions", next });
    }
    const source = runningFunctions({ url, timeoutMs, signal: io.signal });
    const show = async (before: string) => {
      const rows = await source.rows();
      io.stdout.write(before);
      print(io, output, rows, {
        table: () => functionTable(rows),
        name: () => rows.map(({ name }) => `${name}\n`).join(""),
      });
    };
    if (options.watch) await watch(show, io);
    else await show("");
    return exit.ok;
  },
});

/** Until Ctrl-C, or until nobody answers any more. */
async function watch(show: (before: string) => Promise<void>, { isTTY, signal }: Io): Promise<void> {
  try {
    for (let before = isTTY ? fromTheTop : ""; ; before = isTTY ? fromTheTop : "\n") {
      await show(before);
      await delay(everyMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
