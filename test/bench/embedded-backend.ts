import { join } from "node:path";
import type { Backend } from "../../tools/backend.ts";
import { writeUsers } from "../../tools/users.ts";
import { ControlPlane } from "./control-plane.ts";

/** The embedded control plane in a process that can be asked for its memory; `onStart` gets it. */
export const measuredBackend = (onStart: (controlPlane: ControlPlane) => void): Backend => ({
  notice: "",
  async start({ folder, cleanup }) {
    const { tokenFile, ...users } = await writeUsers(folder);
    const controlPlane = await ControlPlane.start(folder, tokenFile);
    cleanup?.defer(() => controlPlane.stop());
    onStart(controlPlane);
    return {
      kcp: { url: controlPlane.url, adminKubeconfig: join(folder, "admin.kubeconfig"), ...users },
      bus: { flags: ["--bus=memory"], env: "" },
      servers: [],
    };
  },
});
