import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Artefact, cached } from "../cache.ts";
import { withProgress } from "../progress.ts";
import { runCommand } from "../run-command.ts";

/** What a node runs apart from Kubernetes itself, with the libraries that a machine may lack. */
const names = [
  "busybox-static",
  "conntrack",
  "containerd",
  "containernetworking-plugins",
  "etcd-server",
  "iptables",
  "libip4tc2",
  "libip6tc2",
  "libmnl0",
  "libnetfilter-conntrack3",
  "libnfnetlink0",
  "libnftnl11",
  "libseccomp2",
  "libxtables12",
  "runc",
];

/** Programs of Debian packages, unpacked into the shared cache: nothing is installed, no daemon starts by itself. */
export interface DebianPackages {
  /** Path of a program of theirs. */
  program(name: string): string;
  readonly cniPlugins: string;
  /** Environment in which the programs find each other and their libraries. */
  readonly env: NodeJS.ProcessEnv;
}

export async function obtainDebianPackages(): Promise<DebianPackages> {
  const root = join(dirname(await cached(await artefact())), "root");
  const libraries = join(root, "usr", "lib", `${machine[process.arch] ?? process.arch}-linux-gnu`);
  const programs = ["usr/sbin", "usr/bin", "bin"].map((folder) => join(root, folder));
  return {
    program: (name) => {
      const found = programs.map((folder) => join(folder, name)).find((path) => existsSync(path));
      if (!found) throw new Error(`None of the packages in ${root} has the program ${name}.`);
      return found;
    },
    cniPlugins: join(root, "usr", "lib", "cni"),
    env: {
      ...process.env,
      PATH: [...programs, process.env.PATH].join(":"),
      LD_LIBRARY_PATH: libraries,
      XTABLES_LIBDIR: join(libraries, "xtables"),
    },
  };
}

const machine: Partial<Record<NodeJS.Architecture, string>> = { x64: "x86_64", arm64: "aarch64" };

async function artefact(): Promise<Artefact> {
  const release = await debianRelease();
  const list = createHash("sha256").update(names.join(" ")).digest("hex").slice(0, 12);
  return {
    name: "node-packages",
    // A release gets security fixes only, so its name is pin enough.
    key: [release, list, process.arch].join("-"),
    beside: ["root"],
    async make({ file, folder }) {
      const root = join(folder, "root");
      await mkdir(root);
      await withProgress("fetching etcd, containerd and other packages with apt-get", () => download(folder));
      const packages = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
      for (const name of packages) await runCommand("dpkg-deb", ["-x", join(folder, name), root]);
      for (const name of ["iptables", "ip6tables"].flatMap((tool) => [tool, `${tool}-save`, `${tool}-restore`]))
        await symlink("xtables-nft-multi", join(root, "usr", "sbin", name));
      await writeFile(file, `${packages.sort().join("\n")}\n`);
    },
  };
}

async function debianRelease(): Promise<string> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  const [, id] = /^ID="?(\w+)/m.exec(text) ?? [];
  const [, version] = /^VERSION_ID="?([\w.]+)/m.exec(text) ?? [];
  if (id && version) return id + version;
  throw new Error("A node is made of Debian packages, and this machine does not say which Debian or Ubuntu it is.");
}

async function download(folder: string): Promise<void> {
  const fetch = () => runCommand("apt-get", ["download", "-q", ...names], { cwd: folder });
  try {
    await runCommand("apt-get", ["update", "-q"]);
    await fetch();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The Debian packages of a Kubernetes node could not be fetched: ${names.join(", ")}. This needs Debian or Ubuntu, the user root, and apt's archive.\n${detail}`,
      { cause },
    );
  }
}
