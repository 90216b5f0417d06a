/** The order key of every event about one account (decisions.md 1). */
export interface AccountKey {
  /** Cluster id of the workspace that holds the Account object. */
  readonly cluster: string;
  readonly name: string;
}

export const formatKey = ({ cluster, name }: AccountKey): string => `${cluster}/${name}`;

/** `undefined` for what is no key: an event from elsewhere, or of an object that no Account owns. */
export function parseKey(key: string | undefined): AccountKey | undefined {
  const [cluster, name, ...rest] = key?.split("/") ?? [];
  return cluster && name && rest.length === 0 ? { cluster, name } : undefined;
}
