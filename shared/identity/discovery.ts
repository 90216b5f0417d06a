import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse, refusal } from "./answers.ts";
import type { Http } from "./http.ts";
import { IdentityError } from "./identity.ts";

const document = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.string().optional(),
  token_endpoint: z.string().optional(),
  registration_endpoint: z.string().optional(),
});
export type Discovery = z.output<typeof document>;

/** Reads the discovery document of an issuer, from `base` where we reach it elsewhere than users do. One that names another
 *  issuer is refused: tokens would carry that one, and whoever checks them would not accept them. */
export async function discover(
  http: Http,
  { issuer, base = issuer }: { readonly issuer: string; readonly base?: string },
  call?: Call,
): Promise<Discovery> {
  const url = `${base.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const doing = `reading the discovery document ${url}`;
  const response = await http({ method: "GET", url, signal: call?.signal });
  if (response.status !== 200) throw refusal(doing, response);
  const found = parse(document, response, doing);
  if (found.issuer === issuer) return found;
  const advice = "configure the issuer exactly as the provider gives it";
  throw new IdentityError(`${doing}: it is of issuer ${found.issuer}, not ${issuer}; ${advice}`, "refused");
}
