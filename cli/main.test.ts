import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { runPm } from "../test/run-pm.ts";
import { scriptedServer, sendJson } from "../test/scripted-server.ts";
import { commands } from "./commands.ts";

const run = promisify(execFile);
const root = new URL("..", import.meta.url).pathname;

describe("commands", () => {
  test.each(commands.map((entry) => [entry.name, entry] as const))(
    "%s says of itself what the overview says",
    async (_, entry) => {
      const { default: command } = await entry.load();
      expect(command.name).toBe(entry.name);
      expect(command.summary).toBe(entry.summary);
      expect(command.examples.length).toBeGreaterThan(0);
    },
  );

  test("help lists every command, and the flags and examples of each", async () => {
    const { out, code } = await runPm(["--help"]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(`  ${name} `);
    const tree = await runPm(["tree", "--help"]);
    expect(tree.out).toContain("Usage: pm tree [PATH] [flags]");
    expect(tree.out).toContain("pm tree root:orgs:acme");
    expect((await runPm(["help", "tree"])).out).toBe(tree.out);
  });

  test("002-C operator, as the Go operator's chart starts its image, is run", async () => {
    const run = await runPm(["run", "--help"]);
    expect((await runPm(["operator", "--help"])).out).toBe(run.out);
    expect((await runPm(["operator", "--kubeconfig=/absent", '--image-name="ghcr.io/x"'])).err).toContain("/absent");
  });

  test.each([
    [["vresion"], 'unknown command "vresion"; did you mean "version"?'],
    [["account", "craete"], 'unknown command "account craete"; did you mean "account create"?'],
    [["account"], '"pm account" needs a command: account create, account get, account delete, account wait'],
    [["tree", "--outptu=json"], "unknown flag --outptu; did you mean --output?"],
    [["tree", "acme.example"], '"acme.example" is no account'],
  ])("%j ends with 2: %s", async (argv, message) => {
    const { code, err } = await runPm(argv, { server: "http://127.0.0.1:1" });
    expect(code).toBe(2);
    expect(err).toContain(`error: ${message}`);
    expect(err).toContain("next:");
  });
});

describe("errors", () => {
  test("a server that does not answer ends with 3, and is named", async () => {
    const { code, err } = await runPm(["tree"], { server: "http://127.0.0.1:1" });
    expect(code).toBe(3);
    expect(err).toContain("error: kcp does not answer\n  where: http://127.0.0.1:1\n  why:   nothing listens there");
  });

  test("a server that takes too long ends with 3", async () => {
    await using server = await scriptedServer(() => {});
    const { code, err } = await runPm(["tree", "--timeout=50ms"], { server: server.url });
    expect(code).toBe(3);
    expect(err).toContain("0.05 s");
  });

  test("a refusal ends with 1 and brings the server's own words", async () => {
    await using server = await scriptedServer((_, response) =>
      sendJson(response, 403, { kind: "Status", code: 403, reason: "Forbidden", message: "no access for alice" }),
    );
    const { code, err } = await runPm(["tree"], { server: server.url });
    expect(code).toBe(1);
    expect(err).toContain("no access for alice (403 Forbidden)");
    expect(err).toContain("ask an owner of the workspace");
  });

  test("a missing kubeconfig ends with 2", async () => {
    const { code, err } = await runPm(["tree"]);
    expect(code).toBe(2);
    expect(err).toContain("name one with --kubeconfig, or set KUBECONFIG");
  });

  test("colours only where they are wanted", async () => {
    expect((await runPm(["nope"], { color: true })).err).toContain("\u001b[31merror:");
    expect((await runPm(["nope", "--no-color"], { color: true })).err).not.toContain("\u001b[");
  });
});

describe("output", () => {
  test("version in every format", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect((await runPm(["version"])).out).toContain(`pm ${version} (node v`);
    expect(JSON.parse((await runPm(["version", "-o", "json"])).out)).toMatchObject({ pm: version });
    expect((await runPm(["version", "-o", "yaml"])).out).toContain(`pm: ${version}\n`);
    expect((await runPm(["version", "-o", "name"])).out).toBe(`${version}\n`);
  });

  test.each(["bash", "zsh", "fish"])("completion for %s knows every command", async (shell) => {
    const { out, code } = await runPm(["completion", shell]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(name.split(" ").at(-1));
    expect(out).toContain("shutdown-timeout");
  });

  test("completion for bash completes", async () => {
    const { out } = await runPm(["completion", "bash"]);
    const complete = async (...words: string[]) => {
      const script = `${out}\nCOMP_WORDS=(pm "$@"); COMP_CWORD=$#; _pm; echo "\${COMPREPLY[*]}"`;
      return (await run("bash", ["-c", script, "bash", ...words])).stdout.trim();
    };
    expect(await complete("tre")).toBe("tree");
    expect(await complete("account", "de")).toBe("delete");
    expect(await complete("account", "delete", "--casc")).toBe("--cascade");
    expect(await complete("-w", "root:orgs", "why", "--del")).toContain("");
  });
});

describe("bin/pm", () => {
  test("starts from any folder, through symlinks, as kubectl plugin", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pm-link-"));
    await symlink(join(root, "bin/pm"), join(folder, "link"));
    await symlink("link", join(folder, "kubectl-pm"));
    const { stdout } = await run(join(folder, "kubectl-pm"), ["version", "-o", "name"], { cwd: "/" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    await rm(folder, { recursive: true });
  });

  test("says which Node it needs where it finds none beside it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pm-node-"));
    await writeFile(join(folder, "node"), "#!/bin/sh\necho v20.1.0\n", { mode: 0o755 });
    await run("cp", ["-r", join(root, "bin"), folder]);
    const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
    const failure = await run(join(folder, "bin/pm"), ["version"], { env }).catch((error) => error);
    expect(failure.stderr).toContain("pm needs Node.js 24 or newer, and found 20");
    await rm(folder, { recursive: true });
  });
});
