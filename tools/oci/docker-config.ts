import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Takes the place of both where the registry gave one. */
  readonly identityToken?: string;
}

const configSchema = z.looseObject({
  auths: z
    .record(z.string(), z.looseObject({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
});
const helperSchema = z.looseObject({ Username: z.string(), Secret: z.string() });

/** What `docker login` (or podman, crane, helm) left for this registry: in the file, or with a helper that it names. */
export async function credentialsFor(
  host: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Credentials | undefined> {
  const file = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker"), "config.json");
  const content = await readFile(file, "utf8").catch(() => undefined);
  if (content === undefined) return undefined;
  const config = parse(file, content);
  const helper = config.credHelpers[host] ?? config.credsStore;
  if (helper) return await ask(helper, host, env);
  const found = config.auths[host] ?? config.auths[`https://${host}`] ?? config.auths[`https://${host}/v2/`];
  if (!found) return undefined;
  const [username = "", ...rest] = Buffer.from(found.auth ?? "", "base64")
    .toString()
    .split(":");
  const { identitytoken } = found;
  return { username, password: rest.join(":"), ...(identitytoken && { identityToken: identitytoken }) };
}

function parse(file: string, content: string) {
  try {
    return configSchema.parse(JSON.parse(content));
  } catch (cause) {
    throw new Error(`${file} is no configuration of docker: docker login writes one`, { cause });
  }
}

/** The protocol of docker-credential programs: the host on stdin, JSON on stdout. */
async function ask(helper: string, host: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const child = spawn(program, ["get"], { env, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new Error(`${program}, which docker's configuration names, cannot run`, { cause })),
    );
    child.on("close", resolve);
  });
  child.stdin.on("error", () => {}).end(host);
  const [code, printed] = await Promise.all([ended, text(child.stdout)]);
  // "credentials not found" is no fault: the registry may need none.
  if (code !== 0) return undefined;
  const { Username: username, Secret: password } = helperSchema.parse(JSON.parse(printed));
  return username === "<token>" ? { username: "", password: "", identityToken: password } : { username, password };
}
