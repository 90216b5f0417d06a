import type { Client } from "../../shared/kcp/rest.ts";
import type { Check, Verdict } from "./check.ts";
import type { View } from "./view.ts";

/** A check that has the administrator's client at hand. */
export function asAdmin(id: string, run: (admin: Client, view: View) => Promise<Verdict>): Check {
  return {
    id,
    needs: "admin",
    async run(view) {
      if (!view.admin) throw new Error("this check needs a kcp administrator");
      return run(view.admin, view);
    },
  };
}
