/** Who asks. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What is asked for. */
export interface Attributes {
  readonly user: User;
  readonly verb: string;
  /** Logical cluster, or `*`. */
  readonly cluster: string;
  /** Set for requests that are not about objects. */
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}
export interface Verdict {
  readonly isAllowed: boolean;
  readonly reason: string;
}
export const allowed: Verdict = { isAllowed: true, reason: "" };
export const denied = (reason = "access denied"): Verdict => ({ isAllowed: false, reason });
