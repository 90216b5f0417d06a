import { changeConfigMap, createConfigMap, listConfigMaps } from "../people/access.ts";
import type { Access, Cast } from "./cast.ts";
import type { Teller } from "./teller.ts";

const acme = "root:orgs:acme";
const dev = "root:orgs:acme:dev";
const bobsEmail = "bob@example.com";
/** decisions.md 32. */
const outWithin = 5000;
/** kcp and its caches get this long to know of a role that was just given. */
const inWithin = 10_000;

/** A member of one account works there, and nowhere else. */
export async function addMember(teller: Teller, cast: Cast, alice: Access): Promise<Access> {
  teller.chapter("3. alice makes account dev below acme, and bob a member there");
  const created = await teller.does("pm account create dev -w root:orgs:acme --wait   (as alice)", () =>
    alice.pm("account", "create", "dev", `--workspace=${acme}`, "--wait"),
  );
  teller.detail(created);
  await teller.sees({
    what: `alice creates ConfigMap todo in ${dev}, whose owner she is as owner of acme`,
    look: () => createConfigMap(alice.client, dev, "todo"),
    expected: "ok",
    within: inWithin,
  });
  const added = await teller.does(`pm member add ${bobsEmail} --role member -w ${dev} --wait   (as alice)`, () =>
    alice.pm("member", "add", bobsEmail, "--role=member", `--workspace=${dev}`, "--wait"),
  );
  teller.detail(added);
  const bob = await teller.does("bob follows his mail, sets a password and logs in to realm acme", async () =>
    cast.inOrg(await cast.join(bobsEmail, "acme"), "acme"),
  );
  await teller.sees({
    what: `he changes ConfigMap todo in ${dev}`,
    look: () => changeConfigMap(bob.client, dev, "todo"),
    expected: "ok",
    within: inWithin,
  });
  await teller.sees({
    what: `he asks for the ConfigMaps of ${acme}`,
    look: () => listConfigMaps(bob.client, acme),
    expected: 403,
  });
  return bob;
}

/** Who is removed is out, with the token that he still has. */
export async function removeMember(teller: Teller, alice: Access, bob: Access): Promise<void> {
  teller.chapter("4. alice removes bob");
  await teller.sees({
    what: `bob asks for the ConfigMaps of ${dev}`,
    look: () => listConfigMaps(bob.client, dev),
    expected: "ok",
  });
  const start = performance.now();
  const removed = await teller.does(`pm member remove ${bobsEmail} -w ${dev}   (as alice)`, () =>
    alice.pm("member", "remove", bobsEmail, `--workspace=${dev}`),
  );
  teller.detail(removed);
  await teller.sees(
    {
      what: `bob asks again and again for the ConfigMaps of ${dev}, from when that command began`,
      look: () => listConfigMaps(bob.client, dev),
      expected: 403,
      within: outWithin,
    },
    start,
  );
}
