import type { CloudEvent } from "../../shared/event.ts";
import type { AccountFunction } from "../../shared/function.ts";
import { accountPath } from "../account-path.ts";
import { defineCommand, type Io } from "../command.ts";
import { UsageError } from "../errors.ts";
import { type ExportSession, withExport } from "../export-session.ts";
import { readEvent } from "./event-file.ts";
import { eventOfAccount } from "./event-of-account.ts";
import { checkTakes, findFunction } from "./find-function.ts";
import { type InvokeOptions, invokeFlags } from "./flags.ts";
import { invokeHere } from "./invoke-here.ts";
import { invokeUrl } from "./invoke-url.ts";
import { isKind } from "./objects-of-account.ts";

export default defineCommand({
  name: "invoke",
  summary: "Run one function for one event, here or where it is deployed",
  description: `Runs the function in this process on the live objects, with the rights of the kubeconfig: that of pm run, or a kcp
administrator's. It writes as pm run would; give it the same flags about steps, account types and security. Facts that the
function finds are shown and not published, so that it wakes no other.
A dry run reads OpenFGA and the identity provider too, and ends where only their answer to a change would tell what follows.
With --url the event goes to a deployed function by HTTP instead, and its answer is shown.
Exit code: 0 when the event is handled (done, waiting, requeue or drop) or a dry run came to its end, 1 when the function
failed, 3 when kcp or the deployed function does not answer.`,
  options: invokeFlags,
  positionals: [{ name: "FUNCTION", description: "e.g. create-workspace; may be left out with --url" }],
  examples: [
    { run: "pm invoke create-workspace --account root:orgs:acme --dry-run", does: "what it would write now" },
    { run: "pm invoke manage-accountinfo --event event.json -v", does: "an event from a file, and what was read" },
    { run: "pm events -o json | tail -n 1 | pm invoke relay-lineage --event -", does: "the last event that happened" },
    {
      run: "pm invoke security-init --account root:orgs:acme --dry-run --fga-url https://openfga:8080",
      does: "which stores, models and tuples are missing",
    },
    { run: "pm invoke --event examples/events/account-added.json --url http://localhost:8080", does: "a deployed one" },
  ],
  async run({ options, positionals: [name] }, io) {
    const target = targetOf(options, name);
    const given = options.event === undefined ? undefined : await readEvent(options.event);
    if (given && target.fn) checkTakes(target.fn, given);
    if (given && target.url) return invokeUrl(given, target.url, options, io);
    return withExport(options, io, async (session) => {
      const event = given ?? (await eventFrom(options, target.fn, session, io));
      if (target.url) return invokeUrl(event, target.url, options, io);
      return invokeHere(target.fn, event, { session, options, io });
    });
  },
});

type Target =
  | { readonly fn: AccountFunction; readonly url?: undefined }
  | { readonly fn: AccountFunction | undefined; readonly url: URL };

/** Where the event goes; throws UsageError for flags that do not belong together. */
function targetOf(options: InvokeOptions, name: string | undefined): Target {
  const { event, account, url, kind } = options;
  const refuse = (what: string) => new UsageError(what, { where: "pm invoke", next: "pm invoke --help" });
  if ((event === undefined) === (account === undefined)) throw refuse("give either --event or --account");
  if (kind !== undefined && account === undefined) throw refuse("--kind belongs to --account");
  if (url !== undefined && options["dry-run"]) throw refuse("--dry-run is for functions that run here, without --url");
  const fn = name === undefined ? undefined : findFunction(name);
  if (url !== undefined) return { fn, url: parsed(url, refuse) };
  if (!fn) throw refuse("FUNCTION is missing");
  return { fn };
}

function parsed(text: string, refuse: (what: string) => UsageError): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw refuse(`--url: "${text}" is no URL, as http://localhost:8080`);
}

function eventFrom(
  { account = "", kind = "" }: InvokeOptions,
  fn: AccountFunction | undefined,
  session: ExportSession,
  io: Io,
): Promise<CloudEvent> {
  const at = accountPath(account, session.workspace);
  const wanted = { at, fn, kind: isKind(kind) ? kind : undefined, now: io.now };
  return eventOfAccount(wanted, session, { signal: io.signal });
}
