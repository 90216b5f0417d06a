/** Part of `make bench`: an org and an account from created to Ready with security on, and on the same kcp with it off. */
import { isTrue } from "../../shared/conditions.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { securityMarker } from "../../shared/names.ts";
import { withProgress } from "../../tools/progress.ts";
import { orgs } from "../e2e/person.ts";
import { type SecuredMesh, startSecuredMesh } from "../security/mesh.ts";
import { median, spread } from "./statistics.ts";
import { table } from "./table.ts";

const runs = Number(process.env.BENCH_SECURED ?? 8);
const pollMs = 20;

interface Times {
  readonly org: readonly number[];
  readonly account: readonly number[];
}

const mesh = await startSecuredMesh();
try {
  await mesh.product.start();
  const on = await measured(mesh, "on");
  await mesh.product.stop();
  const { code, err } = await mesh.bare.bootstrap("--security=off", "--release", "--admission=none");
  if (code !== 0) throw new Error(`pm bootstrap --security=off ended with ${code}: ${err}`);
  await mesh.product.start();
  console.log(`\n${report(on, await measured(mesh, "off"))}\n`);
} finally {
  await mesh.stop();
}

function measured(mesh: SecuredMesh, name: string): Promise<Times> {
  return withProgress(`${runs} orgs and ${runs} accounts with security ${name} (${securityMarker})`, async () => {
    const [org, account]: [number[], number[]] = [[], []];
    // The first one of each kind warms everything up.
    for (let n = 0; n <= runs; n++) {
      const ofOrg = await timeOf(mesh, orgs, `${name}-${n}`);
      const ofAccount = await timeOf(mesh, `${orgs}:${name}-0`, `account-${n}`);
      if (n === 0) continue;
      org.push(ofOrg);
      account.push(ofAccount);
    }
    return { org, account };
  });
}

/** Milliseconds from created to Ready. */
async function timeOf({ admin }: SecuredMesh, parent: string, name: string): Promise<number> {
  const started = performance.now();
  await admin.apply(parent, name, { creator: "ci-robot" });
  const isReady = async () => {
    const account = await admin.client.read<Account>(kinds.Account, { cluster: parent, name });
    return account !== undefined && isTrue(account, "Ready");
  };
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, pollMs));
  return performance.now() - started;
}

function report(on: Times, off: Times): string {
  const row = (name: string, kind: keyof Times) => [
    name,
    spread(on[kind]),
    spread(off[kind]),
    `+ ${Math.round(median(on[kind]) - median(off[kind]))} ms`,
  ];
  return table([
    [`created → Ready, one after another, ${runs} each`, "security on", "security off", "difference of the medians"],
    row("org (store, model, tuples, realm, two clients, issuer told to kcp)", "org"),
    row("account (three tuples)", "account"),
  ]);
}
