/** A Debian package of the base layer, and what of it goes in. */
export interface BasePackage {
  readonly name: string;
  /** As its copyright file says, which is in the layer too. */
  readonly license: string;
  /** Paths without a leading slash. */
  readonly paths: readonly RegExp[];
}

export const suite = "bookworm";

const libraries = ["c", "m", "dl", "pthread", "rt", "resolv", "nss_dns", "nss_files"].join("|");

/** What the Node.js binary is linked with, certificates of public authorities, and the words of the licences. Nothing
 *  else: no shell, no package manager, nothing that runs but Node.js. */
export const basePackages: readonly BasePackage[] = [
  {
    name: "base-files",
    license: "GPL-2.0-or-later",
    // Scanners read the release from here. The licences are what other packages' copyright files refer to.
    paths: [/^(etc|usr\/lib)\/os-release$/, /^etc\/debian_version$/, /^usr\/share\/common-licenses\//],
  },
  { name: "gcc-12-base", license: "GPL-3.0-or-later WITH GCC-exception-3.1", paths: [] },
  {
    name: "libgcc-s1",
    license: "GPL-3.0-or-later WITH GCC-exception-3.1",
    paths: [/^lib\/x86_64-linux-gnu\/libgcc_s\.so\.1$/],
  },
  {
    name: "libstdc++6",
    license: "GPL-3.0-or-later WITH GCC-exception-3.1",
    paths: [/^usr\/lib\/x86_64-linux-gnu\/libstdc\+\+\.so\.[0-9.]+$/],
  },
  {
    name: "libc6",
    license: "LGPL-2.1-or-later",
    paths: [
      /^lib64\/ld-linux-x86-64\.so\.2$/,
      /^lib\/x86_64-linux-gnu\/ld-linux-x86-64\.so\.2$/,
      new RegExp(`^lib/x86_64-linux-gnu/lib(${libraries})\\.so\\.\\d$`),
    ],
  },
  {
    name: "ca-certificates",
    license: "MPL-2.0 AND GPL-2.0-or-later",
    // One by one only until they are joined into one file, as update-ca-certificates does.
    paths: [/^usr\/share\/ca-certificates\/mozilla\/.*\.crt$/],
  },
];
