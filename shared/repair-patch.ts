type Fields = Readonly<Record<string, unknown>>;

/** The merge patch (RFC 7386) that turns `have` into `want`. Server-side apply could not: what another manager has set
 *  stays, and may even exclude what is ours (`limitAllowedChildren` takes `types` or `none`: 422). */
export function repairPatch(have: object, want: object): Fields {
  const patch: Record<string, unknown> = {};
  const present: Fields = { ...have };
  for (const [field, value] of Object.entries(want)) {
    const old = present[field];
    patch[field] = isFields(value) && isFields(old) ? repairPatch(old, value) : value;
  }
  for (const field of Object.keys(present)) {
    if (!(field in want)) patch[field] = null;
  }
  return patch;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
