import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { goArtefact } from "./go-tool.ts";
import { goTools } from "./go-tools.ts";

const nats = {
  name: "nats-server",
  module: "github.com/nats-io/nats-server/v2",
  package: "github.com/nats-io/nats-server/v2",
  coldBuild: "about 40 s",
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "go-"));
  vi.stubEnv("PATH", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function fakeGo(script: string): Promise<void> {
  await writeFile(join(folder, "go"), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, "go"), 0o755);
}
const make = () => goArtefact(nats).make({ file: join(folder, "out"), folder });

test("the key names version, pins and platform", () => {
  expect(goArtefact(nats).key).toMatch(
    new RegExp(`^v2\\.\\d+\\.\\d+-[0-9a-f]{12}-${process.platform}-${process.arch}$`),
  );
});

test("one module has several programs, each with the module's version and pins", () => {
  const [controller, queue] = [goArtefact(goTools["knative-controller"]), goArtefact(goTools["knative-queue"])];
  expect(controller.name).toBe("knative-controller");
  expect(queue.key).toBe(controller.key);
  expect(queue.key).toMatch(/^v0\.49\.0-/);
});

test("what a program is built with is part of its key", () => {
  const { key } = goArtefact(nats);
  expect(goArtefact({ ...nats, build: () => ({ bare: true }) }).key).not.toBe(key);
});

test("a missing Go is said clearly, with what to do", async () => {
  await expect(make()).rejects.toThrow(/nats-server is built with Go, which is missing.*Install Go 1\.\d+/s);
});

test.each(["go1.18", "go1.25.9", "go1.25rc1"])("%s is too old", async (version) => {
  await fakeGo(`echo ${version}`);
  await expect(make()).rejects.toThrow(/is built with Go 1\.26\.0; found 1\./);
});

test("builds from the pins only", async () => {
  await fakeGo('[ "$1" = env ] && echo go1.26.8 || echo "$@" > "$5"');
  await make();
  expect(await readFile(join(folder, "out"), "utf8")).toBe(
    `build -mod=readonly -v -o ${join(folder, "out")} ${nats.package}\n`,
  );
});

test("a bare program is linked with its variables and without libc", async () => {
  await fakeGo('[ "$1" = env ] && echo go1.26.8 || echo "CGO_ENABLED=$CGO_ENABLED $@" > "$8"');
  const build = (version: string) => ({ bare: true, variables: { "main.version": version } });
  const artefact = goArtefact({ ...nats, build });
  await artefact.make({ file: join(folder, "out"), folder });
  const version = artefact.key.split("-")[0];
  expect(await readFile(join(folder, "out"), "utf8")).toBe(
    `CGO_ENABLED=0 build -mod=readonly -v -trimpath -ldflags -s -w -X main.version=${version} -o ${join(folder, "out")} ${nats.package}\n`,
  );
});
