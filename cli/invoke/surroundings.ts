import { outsideOf } from "../../eventing/decide.ts";
import { openSecurity } from "../../eventing/security.ts";
import { openSettingsOnly } from "../../eventing/security-settings.ts";
import type { AccountFunction, Log } from "../../shared/function.ts";
import type { Outside } from "../../shared/outside.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Values } from "../command.ts";
import type { ExportSession } from "../export-session.ts";
import { fgaFlags, fgaOf } from "../run/fga-flags.ts";
import { securityFlags, securityOf } from "../run/security-flags.ts";
import { settingFlags, settingsOf } from "../run/setting-flags.ts";

/** What a function that runs here has to be told as pm run tells it. */
export const worldFlags = { ...settingFlags, ...securityFlags, ...fgaFlags } as const;

/** What functions decide by, and what they reach besides kcp's watched objects. */
export interface Surroundings extends Disposable {
  readonly settings: Settings;
  /** Where security is on. */
  readonly outside: Outside | undefined;
}
interface SurroundingsOptions {
  readonly wanted: readonly AccountFunction[];
  readonly flags: Values<typeof worldFlags>;
  readonly session: ExportSession;
  readonly log: Log;
  /** The command, for errors about its flags. */
  readonly where: string;
}

/** Finds out whether security is on in this kcp, and opens what the functions need. Throws, in words for people, when a
 *  server that they need is not named. */
export async function openSurroundings({
  wanted,
  flags,
  session,
  log,
  where,
}: SurroundingsOptions): Promise<Surroundings> {
  const { kubeconfig, client, direct, open } = session;
  const isSecuring = wanted.some(({ needs }) => needs !== undefined);
  const config = { security: securityOf(flags, where), fga: fgaOf(flags, where) };
  const security = await (isSecuring ? openSecurity : openSettingsOnly)(config, direct, log);
  return {
    settings: {
      ...settingsOf(flags),
      serverCa: kubeconfig.serverCa(),
      ...(security && { security: security.settings }),
    },
    outside: security && outsideOf(security, { claimed: client, direct, open }),
    [Symbol.dispose]: () => security?.fga?.close(),
  };
}
