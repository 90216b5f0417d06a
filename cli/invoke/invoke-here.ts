import type { CloudEvent } from "../../shared/event.ts";
import type { AccountFunction } from "../../shared/function.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { classify, messageOf } from "../../shared/kcp/errors.ts";
import { pathAnnotation } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { createLog } from "../../shared/log.ts";
import { logicalClusterName } from "../../shared/names.ts";
import type { Io } from "../command.ts";
import { exit } from "../errors.ts";
import type { ExportSession } from "../export-session.ts";
import { print } from "../output.ts";
import { styleOf } from "../style.ts";
import { unlessHidden } from "../unless-hidden.ts";
import type { InvokeOptions } from "./flags.ts";
import { renderInvoked } from "./render.ts";
import { type Invoked, runHere } from "./run-here.ts";
import { openSurroundings } from "./surroundings.ts";

interface Context {
  readonly session: ExportSession;
  readonly options: InvokeOptions;
  readonly io: Io;
}

/** Runs the function here and prints what it did; answers the exit code. */
export async function invokeHere(fn: AccountFunction, event: CloudEvent, context: Context): Promise<number> {
  const { session, options, io } = context;
  const { client } = session;
  const level = options.verbose ? "debug" : "warn";
  const log = createLog({ level, json: false, attributes: {}, out: io.stderr });
  using surroundings = await openSurroundings({ wanted: [fn], flags: options, session, log, where: "pm invoke" });
  const invoked = await runHere(fn, event, {
    client,
    ...surroundings,
    dryRun: options["dry-run"],
    log,
    signal: io.signal,
    now: io.now,
  });
  const paths = await pathsOf(invoked, client, { signal: io.signal });
  const pathOf = (cluster: string) => paths.get(cluster) ?? cluster;
  print(io, options.output, forScripts(invoked), {
    table: () => renderInvoked(invoked, { style: styleOf(io), pathOf, verbose: options.verbose }),
    name: () => `${invoked.result.kind}\n`,
  });
  if (invoked.result.kind !== "failed") return exit.ok;
  return classify(invoked.result.error) === "unreachable" ? exit.unreachable : exit.failed;
}

/** Of the clusters that are spoken of, as far as they can be read. */
async function pathsOf(invoked: Invoked, client: Client, call: Call): Promise<ReadonlyMap<string, string>> {
  const { reads, writes, result } = invoked;
  if (result.kind === "failed" && classify(result.error) === "unreachable") return new Map();
  const waitsIn = result.kind === "waiting" ? [result.ref.cluster] : [];
  const clusters = new Set([
    ...reads.map(({ cluster }) => cluster),
    ...writes.map(({ target }) => target.cluster),
    ...waitsIn,
  ]);
  const found = [...clusters].map(async (cluster) => {
    const logicalCluster = await unlessHidden(client.get("LogicalCluster", cluster, logicalClusterName, call));
    return [cluster, logicalCluster?.metadata.annotations?.[pathAnnotation] ?? cluster] as const;
  });
  return new Map(await Promise.all(found));
}

function forScripts({ result, reads, ...invoked }: Invoked): object {
  return {
    ...invoked,
    result: result.kind === "failed" ? { kind: result.kind, error: messageOf(result.error) } : result,
    reads: reads.map(({ verb, kind, cluster, ms, times, ...read }) => ({
      ...{ verb, kind, cluster, ...("name" in read && { name: read.name }), times, ms },
      ...(read.error && { error: read.error }),
    })),
  };
}
