import { executeHere } from "../../eventing/execute.ts";
import { openSettingsOnly } from "../../eventing/security-settings.ts";
import { openDecide } from "../../eventing/serve/open-decide.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { systemWorkspace } from "../../shared/names.ts";
import { dispatchOnce, silent, travelled } from "./dispatch-once.ts";
import { noHttp, type Runtime } from "./runtime.ts";
import { configOf } from "./serve-config.ts";

/** The dispatcher of pm run, on a bus in memory. */
export const inProcess: Runtime = {
  name: "in process",
  isHttp: false,
  async start({ kubeconfig: file }) {
    const cleanup = new AsyncDisposableStack();
    const stopping = new AbortController();
    const invoke = await openDecide(
      {
        config: configOf([`--kubeconfig=${file}`]),
        kubeconfig: await loadKubeconfig({ file }),
        workspace: systemWorkspace,
        version: "test",
        log: silent,
        metrics: createMetrics(),
        openSecurity: openSettingsOnly,
        cleanup,
        seen: () => undefined,
      },
      stopping.signal,
    );
    return {
      deliver: (name, event, mode) => dispatchOnce(name, travelled(event, mode), executeHere(invoke)),
      urlOf: noHttp,
      terminate: noHttp,
      stop: () => cleanup.disposeAsync(),
    };
  },
};
