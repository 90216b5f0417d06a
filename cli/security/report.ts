import { formatTuple } from "../../shared/fga/tuples.ts";
import { counted } from "../account-state.ts";
import type { Style } from "../style.ts";
import type { SecuredOrg } from "./accounts.ts";
import type { Drift, Told } from "./compare.ts";

export interface Report extends Drift {
  readonly org: SecuredOrg;
  readonly accounts: number;
  readonly tuples: number;
}

export const isInOrder = ({ missing, orphaned }: Drift): boolean => missing.length + orphaned.length === 0;

/** As people read it: what is wrong first, what is only to be known last. */
export function renderDiff(report: Report, style: Style): string {
  return renderTuples(report, style) + verdict(report, report.org);
}

export function renderTuples(report: Report, style: Style): string {
  const { org, accounts, tuples, missing, orphaned, foreign, withheld } = report;
  const why = (tuple: Told) => `${formatTuple(tuple)}  ${style.dim(tuple.why)}`;
  const rows = [
    ...missing.map((tuple) => `${style.red("missing ")}  ${why(tuple)}`),
    ...orphaned.map((tuple) => `${style.red("orphaned")}  ${why(tuple)}`),
    ...withheld.map((tuple) => `removed   ${why(tuple)}, and is not made owner again`),
    ...foreign.map((tuple) => `foreign   ${formatTuple(tuple)}  ${style.dim("kept")}`),
  ];
  const head = `${org.path}  store ${org.store}  ${counted(accounts, "account")}, ${counted(tuples, "tuple")}\n`;
  return head + rows.map((row) => `${row}\n`).join("");
}

function verdict(drift: Drift, { path }: SecuredOrg): string {
  if (isInOrder(drift)) return "as it should be\n";
  const { missing, orphaned } = drift;
  const orphans = orphaned.length > 0 ? " --orphans --yes" : "";
  return `${missing.length} missing, ${orphaned.length} orphaned;  next: pm security repair ${path}${orphans}\n`;
}

/** For scripts. */
export const toJson = ({ org, ...rest }: Report): object => ({ org: org.path, store: org.store, ...rest });
