import type { Archive } from "../../eventing/bus/archive.ts";
import { loadHistory, PrefixInUseError } from "../../eventing/bus/jetstream-load.ts";
import { busFlags } from "../bus-flags.ts";
import { defineCommand } from "../command.ts";
import { connectNats } from "../connect-nats.ts";
import { CliError, exit, UsageError } from "../errors.ts";
import { openFileArchive } from "../export/file-archive.ts";
import { print } from "../output.ts";
import { contentsOf, describe } from "./contents.ts";

const { "nats-url": natsUrl } = busFlags;

export default defineCommand({
  name: "import",
  summary: "Check a file of pm export, say what is in it, and put it on a NATS server to look at",
  description: `Checks that the file is whole and unchanged. pm events, pm trace, pm replay and pm dlq list read it as it is, with --file.
With --into it is also put on a NATS server, below a prefix that must be new: no function takes it from there.`,
  options: {
    into: { type: "string", description: "new prefix on the NATS server, as incident-42" },
    "nats-url": { ...natsUrl, description: `${natsUrl.description}, for --into` },
  },
  positionals: [{ name: "FILE", description: "the file, compressed or not", required: true }],
  examples: [
    { run: "pm import acme.jsonl.gz", does: "is it whole, and what is in it" },
    { run: "pm import acme.jsonl.gz --into incident-42", does: "then: pm events --nats-prefix incident-42" },
  ],
  async run({ options, positionals: [file = ""] }, io) {
    const { into, "nats-url": url, timeout } = options;
    if (into !== undefined) checkTarget(into, url);
    const archive = await openFileArchive(file);
    const contents = await contentsOf(archive);
    if (into !== undefined && url !== undefined) await load({ url, into, archive, timeout });
    print(
      io,
      options.output,
      { file, ...contents, ...(into !== undefined && { into }) },
      {
        table: () => describe(file, contents, into),
        name: () => `${file}\n`,
      },
    );
    return exit.ok;
  },
});

function checkTarget(into: string, url: string | undefined): void {
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(into)) {
    throw new UsageError(`--into: "${into}" is not a NATS subject`, { next: "as incident-42" });
  }
  if (url === undefined) {
    throw new UsageError("--into needs a NATS server", { next: "--nats-url nats://127.0.0.1:4222" });
  }
}

interface Loading {
  readonly url: string;
  readonly into: string;
  readonly archive: Archive;
  readonly timeout: number;
}

async function load({ url, into, archive, timeout }: Loading): Promise<void> {
  const connection = await connectNats(url, timeout);
  try {
    await loadHistory(connection, into, archive);
  } catch (cause) {
    if (!(cause instanceof PrefixInUseError)) throw cause;
    const facts = { where: url, why: cause.message, next: "choose another name with --into", cause };
    throw new CliError(`something is kept below ${into} already`, facts);
  } finally {
    await connection.close();
  }
}
