import { classify } from "../shared/kcp/errors.ts";

/** `undefined` instead of a refusal: kcp answers 403 or 404 for a workspace that is not there, or not this user's. */
export async function unlessHidden<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (["forbidden", "not-found"].includes(classify(error))) return undefined;
    throw error;
  }
}
