import { constants } from "node:fs";
import { cp, mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached } from "./cache.ts";
import { say } from "./progress.ts";

/** Of kcp's data folder; beside it are keys and tokens, which every kcp makes for itself. */
const database = "etcd-server";
/** Counted up whenever a kcp of the same version is to begin with other data. */
const recipe = 2;

interface PrepareOptions {
  /** Runs a kcp whose data are in `kcp` below that folder, and answers what ends it. */
  readonly firstStart: (folder: string) => Promise<{ stop(): Promise<void> }>;
  /** Milliseconds. After it is ready kcp completes what it made: types, exports, bindings. */
  readonly settleMs?: number;
}

/** Folder with the database that this version of kcp makes at its first start. That takes it three times as long as any
 *  later start, and takes place once on a machine. */
export async function preparedData(program: string, { firstStart, settleMs = 5000 }: PrepareOptions): Promise<string> {
  const file = await cached({
    name: "kcp-data",
    key: `${basename(dirname(program))}-${recipe}`,
    beside: [database],
    async make({ file, folder }) {
      say("  the first kcp of this version prepares the data of all others (once)");
      const server = await firstStart(folder);
      await sleep(settleMs);
      await server.stop();
      await rename(join(folder, "kcp", database), join(folder, database));
      await writeFile(file, `${program}\n`);
    },
  });
  return join(dirname(file), database);
}

/** Puts it into the data folder of a kcp that has yet to start. */
export async function copyData(prepared: string, data: string): Promise<void> {
  await mkdir(data, { recursive: true });
  await cp(prepared, join(data, database), { recursive: true, mode: constants.COPYFILE_FICLONE });
}
