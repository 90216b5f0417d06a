import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createEmbedded, type Embedded } from "../../embedded/embedded.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { runBootstrap } from "../bootstrap/bootstrap.ts";
import { operatorGroup } from "../bootstrap/operator-kubeconfig.ts";
import type { Io } from "../command.ts";

export interface ControlPlaneOptions {
  /** Of the kubeconfigs. */
  readonly folder: string;
  readonly dataFile: string | undefined;
  /** Milliseconds for each request of the set-up. */
  readonly timeoutMs: number;
}
export interface ControlPlane {
  /** Of a person who works in root:orgs. */
  readonly kubeconfig: string;
  /** Of the functions. */
  readonly operatorKubeconfig: string;
  close(): Promise<void>;
}

/** An embedded control plane that is set up for accounts. */
export async function startControlPlane(options: ControlPlaneOptions, io: Io): Promise<ControlPlane> {
  const { dataFile } = options;
  const token = randomUUID();
  const embedded = await createEmbedded({
    users: [{ token, name: "account-functions", groups: [operatorGroup] }],
    ...(dataFile && { dataFile }),
    onError: (where, error) => io.stderr.write(`${where}: ${error instanceof Error ? error.message : error}\n`),
  });
  try {
    return { ...(await setUp(embedded, token, options, io)), close: () => embedded.close() };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

async function setUp(embedded: Embedded, token: string, { folder, timeoutMs }: ControlPlaneOptions, io: Io) {
  const write = async (name: string, content: string) => {
    const file = join(folder, name);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  };
  const admin = embedded.kubeconfig();
  const operatorKubeconfig = join(folder, "operator.kubeconfig");
  const bootstrap = {
    admin: { file: await write("admin.kubeconfig", admin) },
    operatorKubeconfig,
    credentials: { token: await write("operator.token", token) },
    // The functions are what is tried here: nothing stands before them.
    admission: { form: "none" as const, settings: { ...defaultSettings, creatorAdminGroup: undefined } },
    upgrade: true,
    force: true,
    waitMs: 60_000,
    timeoutMs,
  };
  // What it does is of no interest here; what it cannot do ends in an error.
  await runBootstrap(bootstrap, { ...io, stdout: { write: () => true } });
  const kubeconfig = await write("kubeconfig", admin.replace(/\/clusters\/root$/m, "/clusters/root:orgs"));
  return { kubeconfig, operatorKubeconfig };
}
