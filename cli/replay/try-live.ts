import type { AccountFunction } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { createLog } from "../../shared/log.ts";
import { counted } from "../account-state.ts";
import { exit } from "../errors.ts";
import { withExport } from "../export-session.ts";
import { renderInvoked } from "../invoke/render.ts";
import { type Invoked, runHere } from "../invoke/run-here.ts";
import { openSurroundings } from "../invoke/surroundings.ts";
import { print } from "../output.ts";
import { Places } from "../places.ts";
import { styleOf } from "../style.ts";
import { Folding } from "./folding.ts";
import { planned } from "./live.ts";
import { askStep, type Replaying } from "./replaying.ts";
import { withinReach } from "./within-reach.ts";

/** Runs the functions here on the live objects, for each event by itself, and shows what they would write; answers the
 *  exit code. */
export async function tryLive(replaying: Replaying, wanted: readonly AccountFunction[]): Promise<number> {
  const { options, io } = replaying;
  const places = new Places();
  const rendering = { style: styleOf(io), pathOf: places.pathOf, verbose: false };
  const tried: Invoked[] = [];
  const folding = new Folding();
  await withExport(options, io, async (session) => {
    const client = withinReach(session);
    const log = createLog({ level: "error", json: false, attributes: {}, out: io.stderr });
    using surroundings = await openSurroundings({ wanted, flags: options, session, log, where: "pm replay" });
    const here = { client, ...surroundings, dryRun: true, log, signal: io.signal, now: io.now };
    for await (const { stored, functions } of planned(replaying, wanted)) {
      places.learn(stored.event);
      for (const fn of functions) {
        const invoked = await runHere(fn, stored.event, here);
        tried.push(invoked);
        const changes = invoked.writes.length > 0 || invoked.result.kind === "failed";
        const [head = "", ...lines] = renderInvoked(invoked, rendering).split("\n");
        const text = lines.join("\n");
        const isShown = changes && options.output === "table" && !folding.folds(text, stored.sequence);
        if (options.step || isShown) io.stdout.write(`#${stored.sequence} ${head}\n${text}`);
        if (options.step && (await askStep(io)) === "quit") return;
      }
    }
  });
  io.stdout.write(folding.summary);
  const failed = tried.filter(({ result }) => result.kind === "failed").length;
  const writing = tried.filter(({ writes }) => writes.length > 0).length;
  print(
    io,
    options.output,
    { invocations: tried.map(forScripts) },
    {
      table: () =>
        `${counted(tried.length, "invocation")} tried: ${writing} would write, ${failed} failed; nothing was written\n`,
      name: () => tried.map(({ event, function: name }) => `${event.id} ${name}\n`).join(""),
    },
  );
  return failed > 0 ? exit.failed : exit.ok;
}

const forScripts = ({ function: name, event, result, writes }: Invoked): object => ({
  function: name,
  event: { id: event.id, type: event.type },
  result: result.kind === "failed" ? { kind: result.kind, error: messageOf(result.error) } : result,
  writes,
});
