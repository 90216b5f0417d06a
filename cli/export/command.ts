import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { messageOf } from "../../shared/kcp/errors.ts";
import { readFlags } from "../bus-flags.ts";
import { defineCommand, type Sink } from "../command.ts";
import { CliError, exit } from "../errors.ts";
import { scopeOf } from "../events/scope-of.ts";
import { HistoryRange, rangeFlags } from "../history-range.ts";
import { withArchive } from "../open-archive.ts";
import { productVersion } from "../version.ts";
import { format, formatVersion, type Header, inWords } from "./format.ts";
import { selected } from "./selection.ts";
import { exportedLines } from "./write.ts";

export default defineCommand({
  name: "export",
  summary: "Write a stretch of history to one file: events, recordings, dead letters",
  description: `The file can be attached to a bug report: secrets are left out, and a checksum shows whether it is whole and unchanged.
pm events, pm trace and pm replay read it with --file, pm import checks it.`,
  options: {
    ...rangeFlags,
    function: { type: "string", description: "recordings and dead letters of this function only" },
    "output-file": {
      type: "string",
      short: "O",
      description: "file to write, compressed if it ends in .gz (default: standard output)",
    },
    ...readFlags,
  },
  positionals: [{ name: "PATH", description: "an account with all below it; without it, all accounts" }],
  examples: [
    {
      run: "pm export root:orgs:acme --from 1h -O acme.jsonl.gz",
      does: "what happened to one organization in the last hour",
    },
    { run: "pm export --from 1042 --to 1100 | less", does: "the events of these numbers, and what came of them" },
  ],
  run: ({ options, positionals: [path] }, io) =>
    withArchive(options, async (archive) => {
      const { from, to, function: name, "output-file": file } = options;
      const { signal } = io;
      const range = new HistoryRange(options, io.now());
      const scope = path === undefined ? undefined : await scopeOf(path, options, archive, io);
      const header: Header = {
        ...{ format, version: formatVersion, product: await productVersion() },
        exportedAt: new Date(io.now()).toISOString(),
        selection: { path, function: name, from, to },
      };
      const counts = { events: 0, invocations: 0, deadLetters: 0 };
      const items = selected(archive, { range, scope, function: name, signal });
      const lines = exportedLines(header, items, counts);
      if (file === undefined) await print(lines, io.stdout);
      else await write(lines, file, signal);
      io.stderr.write(`exported ${inWords(counts)}${file === undefined ? "" : ` to ${file}`}\n`);
      if (Object.values(counts).some((count) => count > 0)) return exit.ok;
      io.stderr.write(`  nothing is kept of ${path ?? "that stretch"}: pm events shows what is\n`);
      return exit.failed;
    }),
});

async function print(lines: AsyncIterable<string>, stdout: Sink): Promise<void> {
  for await (const line of lines) {
    if (stdout.write(line) === false && stdout instanceof Writable) await once(stdout, "drain");
  }
}

/** Nothing of that name appears before it is complete. */
async function write(lines: AsyncIterable<string>, file: string, signal: AbortSignal): Promise<void> {
  const partial = `${file}.partial`;
  const to = createWriteStream(partial, { mode: 0o600 });
  try {
    const content = Readable.from(lines);
    await (file.endsWith(".gz") ? pipeline(content, createGzip(), to, { signal }) : pipeline(content, to, { signal }));
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    if (cause instanceof CliError || signal.aborted) throw cause;
    const next = "name a file in a folder that is there, has room and may be written to";
    throw new CliError(`${file} is not written`, { why: messageOf(cause), next, cause });
  }
}
