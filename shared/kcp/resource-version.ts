/** Whether `version` is later than `other`; both are of one shard. Decimal numbers of any length, compared as text. */
export function isNewer(version: string, other: string): boolean {
  return version.length === other.length ? version > other : version.length > other.length;
}
