import { expect, test } from "vitest";
import { logicalClusterName } from "../../shared/names.ts";
import { acme, SecurityWorld, team } from "../../test/security-world.ts";

/** Everything that outlives the process, but for what is another each time: times, versions and rotated tokens, of which
 *  it is told whether they still are those that the provider takes. */
function endState(world: SecurityWorld): unknown {
  const objects = [...world.kcp.objects].map(([key, { metadata, ...rest }]) => {
    const { name, labels, finalizers, annotations } = metadata;
    return [key, { name, labels, finalizers, annotations, ...(key.startsWith("Secret ") ? {} : rest) }];
  });
  const realms = [...world.identity.organizations].map(([name, { uid, clients }]) => {
    const specs = [...clients].map(([client, { spec, credentials }]) => {
      const stored = world.secret(`portal-client-secret-${name}-${client}`);
      const { clientId, registrationAccessToken: token } = credentials;
      return { spec, clientId, isStored: token !== undefined && stored?.registration_access_token === token };
    });
    return { name, uid, specs };
  });
  const stores = [...world.fga.stores].map(([id, { name, models }]) => [id, name, models, world.fga.tuplesOf(id)]);
  const text = JSON.stringify({ objects, realms, stores, invited: [...world.identity.invited] }, (key, value) =>
    ["cause", "lastTransitionTime", "resourceVersion"].includes(key) ? undefined : value,
  );
  return JSON.parse(text);
}

/** Sorted, each fact once however often it was told. */
const told = (world: SecurityWorld) => [...new Set(world.told())].toSorted();

async function secureOrg(world: SecurityWorld): Promise<void> {
  world.org();
  await world.secure(acme);
}

/** kcp has told AccountInfo of the org's store to the account's. */
async function secureTeam(world: SecurityWorld): Promise<void> {
  world.account();
  await world.secure(team);
}

async function end(world: SecurityWorld, key: string): Promise<void> {
  await world.deliver(world.ending(key));
}

interface Case {
  readonly before: (world: SecurityWorld) => Promise<void>;
  readonly act: (world: SecurityWorld) => Promise<void>;
  /** Fewer would mean that calls are not counted. */
  readonly atLeast: number;
}
const nothing = async () => {};

test.each<[string, Case]>([
  ["an org is secured", { before: nothing, act: secureOrg, atLeast: 25 }],
  ["an account is secured", { before: secureOrg, act: secureTeam, atLeast: 6 }],
  [
    "an org is torn down",
    {
      before: async (world) => {
        await secureOrg(world);
        world.remove(acme);
      },
      act: (world) => end(world, acme),
      atLeast: 10,
    },
  ],
  [
    "an account is torn down",
    {
      before: async (world) => {
        await secureOrg(world);
        await secureTeam(world);
        world.remove(team);
      },
      act: (world) => end(world, team),
      atLeast: 5,
    },
  ],
])(
  "S15 a crash after any call changes nothing of how it ends: %s",
  async (name, { before, act, atLeast }) => {
    const undisturbed = new SecurityWorld();
    await before(undisturbed);
    undisturbed.told();
    undisturbed.backend.count = 0;
    await act(undisturbed);
    const { count } = undisturbed.backend;
    const [wanted, facts] = [endState(undisturbed), told(undisturbed)];
    expect(count).toBeGreaterThanOrEqual(atLeast);
    console.log(`S15: ${count} crash points while ${name}`);
    for (let at = 1; at <= count; at++) {
      const world = new SecurityWorld();
      await before(world);
      world.told();
      world.backend.count = 0;
      world.backend.at = at;
      await act(world);
      expect(world.backend.count, `call ${at}`).toBeGreaterThanOrEqual(at);
      expect(endState(world), `after call ${at}`).toEqual(wanted);
      expect(told(world), `facts after call ${at}`).toEqual(facts);
    }
  },
  120_000,
);

test("S10 no crash lets the workspace go before all is done", async () => {
  for (let at = 1; ; at++) {
    const world = new SecurityWorld();
    world.org();
    world.backend.at = at;
    await world.invoke(world.held(acme)).catch(() => undefined);
    const { initializers } = world.kcp.get("LogicalCluster", "acme-id", logicalClusterName)?.status ?? {};
    if (!initializers?.includes("root:security")) {
      // What is left is to put it down.
      expect(world.identity.invited.size).toBe(1);
      expect(at).toBeGreaterThan(20);
      return;
    }
  }
});
