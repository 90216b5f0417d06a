import type { Call, Target, Writer } from "../../shared/kcp/client.ts";
import { type Kind, kinds, type Resource } from "../../shared/kcp/kinds.ts";
import { withoutManagedFields } from "../../shared/kcp/managed-fields.ts";
import type { KubeObject, ObjectOf } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import type { Backend } from "../../shared/pass.ts";
import { type Intent, isReleased, simulate } from "./simulate.ts";

/** A write that was not made. */
export interface DryWrite extends Intent {
  /** The live object, with the earlier writes that were not made. */
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}
export interface DryRun {
  readonly backend: Backend;
  /** In their order, growing as the function writes. */
  readonly writes: readonly DryWrite[];
}

/** Reads the live objects and keeps the writes to itself: the function sees them as made, the server never does. It
 *  takes no rights but to read, and learns nothing of what the server would refuse. */
export function dryRun(client: Pick<Client, "read" | "readAll">, now: () => number = Date.now): DryRun {
  const writes: DryWrite[] = [];
  /** What this run would have left behind; `undefined` for what it would have taken away. */
  const changed = new Map<string, Changed>();

  const present = async (resource: Resource, target: Target, call?: Call): Promise<KubeObject | undefined> => {
    const own = changed.get(keyOf(resource, target));
    if (own) return own.object;
    const { subresource: _whole, ...object } = target;
    const live = await client.read<KubeObject>(resource, object, call);
    return live && withoutManagedFields(live);
  };
  const write = async (intent: Intent, call?: Call): Promise<KubeObject | undefined> => {
    const { resource, target } = intent;
    const before = await present(resource, target, call);
    const answer = simulate(intent, before, now());
    const after = answer && isReleased(answer) ? undefined : answer;
    writes.push({ ...intent, before, after });
    changed.set(keyOf(resource, target), { resource, target, object: after });
    return answer;
  };
  // The types of Writer promise the object that was written, which is the simulated one.
  const writer = {
    create: (resource, cluster, body, call) =>
      write({ verb: "create", resource, target: targetOf(cluster, body.metadata), body }, call),
    mergePatch: (resource, target, body, call) => write({ verb: "mergePatch", resource, target, body }, call),
    apply: (resource, cluster, body, _options, call) =>
      write({ verb: "apply", resource, target: targetOf(cluster, body.metadata), body }, call),
    delete: (resource, target, preconditions, call) =>
      write({ verb: "delete", resource, target, ...(preconditions && { body: preconditions }) }, call),
  } as Writer;

  return {
    writes,
    backend: {
      reader: {
        get: async <K extends Kind>(kind: K, cluster: string, name: string, call?: Call) =>
          (await present(kinds[kind], { cluster, name }, call)) as ObjectOf[K] | undefined,
        async list<K extends Kind>(kind: K, cluster: string, call?: Call) {
          const own = [...changed.values()].filter(
            ({ resource, target }) => resource.plural === kinds[kind].plural && target.cluster === cluster,
          );
          const names = new Set(own.map(({ target }) => target.name));
          const live = await client.readAll<ObjectOf[K]>(kinds[kind], { cluster }, call);
          const others = live.filter(({ metadata }) => !names.has(metadata.name)).map(withoutManagedFields);
          return [...others, ...own.flatMap(({ object }) => (object ? [object as ObjectOf[K]] : []))];
        },
      },
      writer,
      refresh: async () => {},
    },
  };
}

interface Changed {
  readonly resource: Resource;
  readonly target: Target;
  readonly object: KubeObject | undefined;
}

/** Where a new object goes. */
export const targetOf = (cluster: string, { name, namespace }: Named): Target => ({
  cluster,
  name,
  ...(namespace !== undefined && { namespace }),
});
interface Named {
  readonly name: string;
  readonly namespace?: string | undefined;
}

const keyOf = ({ group, plural }: Resource, { cluster, namespace = "", name }: Target): string =>
  [group, plural, cluster, namespace, name].join("/");
