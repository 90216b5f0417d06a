import { counted } from "../account-state.ts";

/** One mistake shows in many invocations: what was shown before is only counted. */
export class Folding {
  readonly #shown = new Map<string, { readonly sequence: number; more: number }>();

  /** True when it has been shown. */
  folds(text: string, sequence: number): boolean {
    const key = text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d+ ms|resourceVersion: "\d+"/g, "");
    const known = this.#shown.get(key);
    if (known) known.more++;
    else this.#shown.set(key, { sequence, more: 0 });
    return known !== undefined;
  }

  /** As `#16 stands for 12 others\n`. */
  get summary(): string {
    const folded = [...this.#shown.values()].filter(({ more }) => more > 0);
    return folded.map(({ sequence, more }) => `#${sequence} stands for ${counted(more, "other")}\n`).join("");
  }
}
