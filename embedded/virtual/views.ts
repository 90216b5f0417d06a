import type { Authorizer } from "../access/authorizer.ts";
import { directView } from "../api/direct-view.ts";
import type { View } from "../api/view.ts";
import type { System } from "../controllers/system.ts";
import { exportView } from "./export-view.ts";
import { phaseView } from "./phase-view.ts";

/** The view that a URL prefix stands for; `undefined` if there is none. */
export function views(system: System, authorizer: Authorizer): (prefix: string) => View | undefined {
  const direct = directView(system.catalog, authorizer);
  return (prefix) => {
    if (prefix === "") return direct;
    const [, service, first = "", second = ""] = /^\/services\/([a-z]+)\/([^/]+)(?:\/([^/]+))?$/.exec(prefix) ?? [];
    if (service === "apiexport") return exportView({ system, authorizer, cluster: first, name: second });
    if (service === "initializingworkspaces")
      return phaseView({ system, authorizer, list: "initializers", name: first });
    if (service === "terminatingworkspaces") return phaseView({ system, authorizer, list: "terminators", name: first });
    return undefined;
  };
}
