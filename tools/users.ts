import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Bearer tokens: `operator` is in group platform-mesh-operators, `alice` and `bob` are in none. */
export interface Tokens {
  readonly operator: string;
  readonly alice: string;
  readonly bob: string;
}
export interface UserFiles {
  readonly tokens: Tokens;
  /** Holds the operator's token and nothing else. */
  readonly operatorTokenFile: string;
  /** Static users as kube-apiserver reads them: token, name, uid, groups. */
  readonly tokenFile: string;
}

/** Makes users with new tokens, in files for their owner alone. */
export async function writeUsers(folder: string): Promise<UserFiles> {
  const tokens = { operator: randomUUID(), alice: randomUUID(), bob: randomUUID() };
  const operatorTokenFile = join(folder, "operator.token");
  const tokenFile = join(folder, "tokens.csv");
  await writeFile(operatorTokenFile, tokens.operator, { mode: 0o600 });
  const lines = [
    `${tokens.operator},account-functions,account-functions,"platform-mesh-operators"`,
    `${tokens.alice},alice,alice`,
    `${tokens.bob},bob,bob`,
  ];
  await writeFile(tokenFile, `${lines.join("\n")}\n`, { mode: 0o600 });
  return { tokens, operatorTokenFile, tokenFile };
}
