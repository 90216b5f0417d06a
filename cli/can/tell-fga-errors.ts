import { FgaError } from "../../shared/fga/fga.ts";
import { CliError, UnreachableError } from "../errors.ts";

/** Runs `work`; what OpenFGA refuses, or that it does not answer, is told with what to do. */
export async function tellFgaErrors<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FgaError)) throw error;
    const facts = { where: `OpenFGA at ${url}`, why: error.message, cause: error };
    if (error.problem === "unavailable") {
      throw new UnreachableError("OpenFGA does not answer", { ...facts, next: "check --fga-url and --fga-ca" });
    }
    throw new CliError("OpenFGA refuses the question", { ...facts, next: "check --fga-token-file" });
  }
}
