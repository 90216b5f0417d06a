/** Singular forms that a plural resource name may have, the likeliest first: reviews carry the plural, types of the model
 *  are called by the singular. The model tells which of them there is. */
export function singulars(plural: string): readonly string[] {
  const without = (ending: string, instead = "") =>
    plural.endsWith(ending) && plural.length > ending.length ? [plural.slice(0, -ending.length) + instead] : [];
  return [
    ...without("ies", "y"),
    ...(/(?:ss|sh|ch|x|z)es$/.test(plural) ? without("es") : []),
    ...without("s"),
    ...without("es"),
    plural,
  ].filter((candidate, index, all) => all.indexOf(candidate) === index);
}
