import type { ObjectRef } from "./function.ts";
import type { World } from "./world.ts";

/** Where one step of the chain stands, seen from the present state alone. */
export type StepState =
  | { readonly is: "complete" }
  | { readonly is: "skipped"; readonly message: string }
  /** Waits for a change of `ref`. */
  | { readonly is: "stopped"; readonly message: string; readonly ref?: ObjectRef }
  | { readonly is: "error"; readonly message: string }
  /** The function that owns the step has work to do now; what was recorded last stays until it has. */
  | { readonly is: "due" };

export const complete: StepState = { is: "complete" };
export const due: StepState = { is: "due" };
export const skipped = (message: string): StepState => ({ is: "skipped", message });
export const stopped = (message: string, ref?: ObjectRef): StepState => ({
  is: "stopped",
  message,
  ...(ref && { ref }),
});
export const failed = (message: string): StepState => ({ is: "error", message });

/** One condition of the Account and how to see its state without changing anything. The status of an Account is a
 *  function of what exists, so whichever function runs, the same status follows. */
export interface Step {
  readonly condition: string;
  observe(world: World): Promise<StepState>;
}
