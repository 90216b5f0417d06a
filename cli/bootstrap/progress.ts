import { formatDuration } from "../../shared/duration.ts";
import type { Io, Sink } from "../command.ts";
import { styleOf } from "../style.ts";

export interface StepReport {
  readonly title: string;
  readonly seconds: number;
  readonly detail: string;
}

/** Numbered steps, one line each with its time. */
export class Progress {
  readonly steps: StepReport[] = [];
  readonly #io: Pick<Io, "color" | "now">;
  readonly #out: Sink;
  readonly #total: number;
  constructor(total: number, out: Sink, io: Pick<Io, "color" | "now">) {
    this.#total = total;
    this.#out = out;
    this.#io = io;
  }

  /** Runs one step; `work` answers what to say about it, first line beside the step and further lines below. */
  async step(title: string, work: () => Promise<readonly string[]>): Promise<void> {
    const started = this.#io.now();
    const style = styleOf(this.#io);
    const line = (outcome: string, detail: string) => {
      const ms = this.#io.now() - started;
      const number = `${this.steps.length + 1}/${this.#total}`.padStart(5);
      this.#out.write(
        `${number} ${title.padEnd(52)} ${outcome} ${formatDuration(ms).padStart(5)}  ${detail}`.trimEnd(),
      );
      this.#out.write("\n");
      return ms / 1000;
    };
    try {
      const [detail = "", ...below] = await work();
      const seconds = line(style.green("ok    "), detail);
      this.steps.push({ title, seconds, detail });
      for (const more of below) this.#out.write(`        ${more}\n`);
    } catch (error) {
      line(style.red("failed"), "");
      throw error;
    }
  }
}
