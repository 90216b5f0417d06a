import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { checkoutCopy } from "../../test/checkout-copy.ts";
import { runCommand } from "../../tools/run-command.ts";
import { Supervised } from "../../tools/supervised.ts";

let copy: Awaited<ReturnType<typeof checkoutCopy>>;
let run: (command: string, ...args: readonly string[]) => Promise<unknown>;

beforeAll(async () => {
  copy = await checkoutCopy();
  const bin = join(copy.folder, "node_modules", ".bin");
  run = (command, ...args) => runCommand(join(bin, command), args, { cwd: copy.folder, tail: 30 });
  await run("node", "cli/main.ts", "new", "function", "unheard-of", "--on=Account,ready");
});
afterAll(() => copy[Symbol.asyncDispose]());

describe("a new function", () => {
  test.each([
    ["biome", "ci", "functions"],
    ["oxlint", "functions"],
    ["tsc", "--noEmit"],
    ["vitest", "run", "--project=unit", "functions"],
  ])("passes %s %s as it stands", async (command, ...args) => {
    await run(command, ...args);
  });

  test("is not made twice", async () => {
    await expect(run("node", "cli/main.ts", "new", "function", "unheard-of")).rejects.toThrow("has it already");
  });
});

/** The output of a running `pm dev`. */
class Dev {
  readonly lines: string[] = [];
  readonly process: Supervised;

  constructor(folder: string) {
    this.process = new Supervised(join(folder, "bin", "pm"), ["dev"], { cwd: folder, output: "pipe" });
    this.process.onLine((line) => this.lines.push(line));
  }

  /** Waits for a line from here on, and answers it. */
  async says(pattern: RegExp, withinMs = 15_000): Promise<string> {
    for (const from = this.lines.length, started = Date.now(); ; await delay(20)) {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found) return found;
      if (Date.now() - started > withinMs) throw new Error(`no ${pattern} in:\n${this.lines.join("\n")}`);
    }
  }
}

test("pm dev runs what is saved within a second, keeps the last version that loads, and loses no event", async () => {
  const file = join(copy.folder, "functions", "unheard-of", "index.ts");
  const handler = await readFile(file, "utf8");
  const save = (replacement: string) => writeFile(file, handler.replace("return done();", replacement));
  const dev = new Dev(copy.folder);
  try {
    await dev.says(/ready: every change reaches its functions/, 30_000);
    const kubeconfig = join(copy.folder, ".state", "dev", "kubeconfig");
    const client = createClient({ config: await loadKubeconfig({ file: kubeconfig }) });
    const create = (name: string) => {
      const spec = { type: "org", displayName: name };
      const account = { apiVersion: "core.platform-mesh.io/v1alpha1", kind: "Account", metadata: { name }, spec };
      return client.create<Account>(kinds.Account, "root:orgs", account);
    };
    const handled = (name: string, how: RegExp) =>
      dev.says(new RegExp(`unheard-of +accounts/${name} add.*${how.source}`));

    await Promise.all([handled("acme", /done/), create("acme")]);
    await Promise.all([
      dev.says(/^\S+ {2}reloaded in \d+ ms: functions\/unheard-of\/index.ts/, 3_000),
      save('return drop("edited");'),
    ]);
    await Promise.all([
      dev.says(/SyntaxError/),
      dev.says(/not reloaded, the functions as they were go on: functions\/unheard-of\/index.ts/),
      save("return done(;"),
    ]);
    await Promise.all([dev.says(/workspace-ready .*done/), create("beta")]);

    await Promise.all([dev.says(/reloaded/), save('throw new Error("mistaken");')]);
    await Promise.all([handled("gamma", /retry +mistaken/), create("gamma")]);
    await Promise.all([dev.says(/reloaded/), handled("gamma", /done +attempt/), save("return done();")]);
    client.close();
  } finally {
    await dev.process.stop(10_000);
  }
  expect(await dev.process.exited).toBe(0);
  expect(dev.lines.at(-1)).toContain("stopped");
});
