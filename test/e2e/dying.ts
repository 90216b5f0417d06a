import type { Mesh } from "./mesh.ts";

/** SIGKILL as soon as kcp has done a write, before the process learns of it; then a new process. */
export function dieAfterEachWrite({ gate, product }: Mesh): { deaths(): number; end(): Promise<void> } {
  let deaths = 0;
  let dying: Promise<void> | undefined;
  const die = async () => {
    deaths++;
    await product.kill();
    await product.launch();
    dying = undefined;
  };
  gate.afterWrite = () => {
    // A write that was on its way when the process died is part of the same death.
    dying ??= die();
    return dying;
  };
  return {
    deaths: () => deaths,
    async end() {
      gate.afterWrite = undefined;
      await dying;
      await product.kill();
      await product.start();
    },
  };
}
