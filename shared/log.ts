import { pino } from "pino";

export interface LogOptions {
  /** trace, debug, info, warn or error. */
  readonly level: string;
  /** One JSON object a line, else lines for people. */
  readonly json: boolean;
  /** On every line. */
  readonly attributes: Readonly<Record<string, string | boolean>>;
  readonly out?: { write(line: string): unknown };
}

/** The logger of this process; every line has its time in RFC 3339 and its level by name. */
export function createLog({ level, json, attributes, out = process.stdout }: LogOptions) {
  const options = {
    level,
    base: attributes,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (name: string) => ({ level: name }) },
  };
  return pino(options, json ? out : { write: (line: string) => out.write(forPeople(line, attributes)) });
}

/** What every line of the console would repeat is left out; the rest follows the message as name=value. */
function forPeople(line: string, attributes: object): string {
  const { time, level, msg, err, ...fields }: Record<string, unknown> = JSON.parse(line);
  const rest = Object.entries(fields)
    .filter(([name]) => !(name in attributes))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const stack = typeof err === "object" && err !== null && "stack" in err ? `\n${err.stack}` : "";
  return `${[String(time).slice(11, 23), String(level).toUpperCase().padEnd(5), msg, ...rest].filter(Boolean).join(" ")}${stack}\n`;
}
