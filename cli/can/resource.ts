import type { ResourceRequest } from "../../functions/authorize/review.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { coreExport } from "../../shared/names.ts";
import { UsageError } from "../errors.ts";

/** Groups of what people ask about most, when they name none; all else is of the core group. */
const groups: ReadonlyMap<string, string> = new Map([
  ...Object.values(kinds).map(({ plural, group }): [string, string] => [plural, group]),
  ["memberships", coreExport],
  ["apiexports", "apis.kcp.io"],
]);

interface Flags {
  readonly namespace?: string | undefined;
  readonly group?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Takes `RESOURCE[.GROUP][/NAME]`. Throws UsageError. */
export function resourceOf(text: string, { namespace = "", group, subresource = "" }: Flags): ResourceRequest {
  const [, plural, dotted, name = ""] = /^([a-z0-9-]+)(?:\.([a-z0-9.-]+))?(?:\/(.+))?$/.exec(text) ?? [];
  if (plural === undefined || (group !== undefined && dotted !== undefined && group !== dotted)) {
    throw new UsageError(`"${text}" is no resource`, {
      where: "pm can",
      next: "use its plural, as configmaps, accounts/dev, databases.db.example/orders",
    });
  }
  return { group: group ?? dotted ?? groups.get(plural) ?? "", resource: plural, subresource, namespace, name };
}
