import { createFga } from "../../shared/fga/client.ts";
import type { FgaServer } from "../../shared/fga/credentials.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { findOrgsStore, orgsStoreLacks } from "../bootstrap/orgs-store.ts";
import { fail, ok, type Verdict, warn } from "./check.ts";

const repair = "pm bootstrap with the same --fga flags";

/** Whether people may create orgs by what OpenFGA says. */
export async function checkOrgsStore(server: FgaServer, call: Call): Promise<Verdict> {
  const fga = createFga(server);
  try {
    const store = await findOrgsStore(fga, call);
    if (!store) return fail("OpenFGA has no store orgs: nobody may create an org", repair);
    const { model, tuples } = await orgsStoreLacks(fga, store.id, call);
    if (model) return fail(`store orgs (${store.id}) has not the model of this version`, repair);
    if (tuples.length === 0) return ok(`store orgs (${store.id}) lets everybody who is logged in create an org`);
    return warn(`store orgs (${store.id}) lets not everybody create an org`, `${repair}, unless that is meant`);
  } catch (error) {
    call.signal?.throwIfAborted();
    return fail(messageOf(error), "look at --fga-url, --fga-token-file and --fga-ca");
  } finally {
    fga.close();
  }
}
