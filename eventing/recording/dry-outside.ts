import type { Store } from "../../shared/fga/fga.ts";
import { callOf, type Outside, outsideThrough, type Service, servicesOf } from "../../shared/outside.ts";

type Methods = Readonly<Record<Service, readonly string[]>>;

const looks: Methods = {
  clusters: ["discover", "readSecret", "readAuthentication"],
  fga: ["findStores", "getStore", "latestModel", "read", "check"],
  identity: [],
};
/** Changes that answer nothing. */
const silent: Methods = {
  clusters: ["releaseMarker"],
  fga: ["write", "deleteStore"],
  identity: ["removeClient", "revokeInvitation", "removeOrganization"],
};

/** Whether a call changes nothing. */
export const isLook = (service: Service, method: string): boolean => looks[service].includes(method);

/** What would follow depends on a server that was not asked to change anything. */
export class DryRunEnd extends Error {
  override name = "DryRunEnd";
}

/** Looks at what is there and changes nothing: a function sees its own changes as made for as long as nothing depends on
 *  what a server would answer to them. There it ends, with a DryRunEnd. */
export function dryOutside(outside: Outside): Outside {
  const ask = callOf(outside);
  const stores = new MadeUpStores();
  return outsideThrough(servicesOf(outside), async (service, method, args, call) => {
    const made = service === "fga" ? stores.answer(method, args as FgaArgs) : undefined;
    if (made) return made.answer;
    if (isLook(service, method)) return ask(service, method, args, call);
    if (silent[service].includes(method)) return undefined;
    throw new DryRunEnd(`what follows depends on what ${service}.${method} answers, which a dry run does not call`);
  });
}

interface FgaArgs {
  readonly id?: string;
  readonly name?: string;
  readonly store?: string;
}

/** The stores that a dry run would have created: empty, and with the id that says so. */
class MadeUpStores {
  readonly #made: Store[] = [];

  /** `undefined` for what is the server's to answer. */
  answer(method: string, { id, name = "", store }: FgaArgs): { readonly answer: unknown } | undefined {
    if (method === "createStore") {
      this.#made.push({ id: `(store ${name} that would be created)`, name });
      return { answer: this.#made.at(-1) };
    }
    if (method === "writeModel") return { answer: "(model that would be written)" };
    const known = this.#made.find((each) => each.id === (store ?? id));
    if (!known) return undefined;
    return { answer: { getStore: known, read: [], check: false }[method] };
  }
}
