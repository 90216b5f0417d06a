import { createHash, randomBytes } from "node:crypto";
import { createHttp } from "../../shared/identity/http.ts";
import { Browser, formWith, linksOf, type Page, wordsOf } from "./browser.ts";

/** What somebody types into Keycloak's forms. */
export interface Person {
  readonly email: string;
  readonly password: string;
}
export interface Tokens {
  readonly idToken: string;
  readonly accessToken: string;
}
interface Reach {
  readonly caFile: string;
  /** One of the client's; nobody has to serve it. */
  readonly redirectUri: string;
}

const maxPages = 10;

/** Follows the link of an action mail through Keycloak's own pages until everything that is asked for is done: sets the
 *  password, gives a name. */
export async function acceptInvitation(link: string, person: Person, { caFile, redirectUri }: Reach): Promise<void> {
  const browser = new Browser({ caFile, stopAt: redirectUri });
  const end = await fillIn(browser, await browser.open(link), person);
  if (end.status !== 0 && !/has been updated|account updated/i.test(end.html)) throw unexpected(end);
}

/** Logs in as a browser would, by authorization code with PKCE, and answers the tokens of a public client. */
export async function logIn(
  issuer: string,
  person: Person,
  { caFile, redirectUri, clientId }: Reach & { readonly clientId: string },
): Promise<Tokens> {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(8).toString("hex");
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid email",
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const browser = new Browser({ caFile, stopAt: redirectUri });
  const end = await fillIn(browser, await browser.open(`${issuer}/protocol/openid-connect/auth?${query}`), person);
  const answer = new URL(end.url).searchParams;
  const code = answer.get("code");
  if (end.status !== 0 || !code || answer.get("state") !== state) throw unexpected(end);
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
  return askForTokens(issuer, { ...form, client_id: clientId }, caFile);
}

/** Trades name and password for tokens, where the realm's settings allow direct access grants. */
export function passwordGrant(
  issuer: string,
  { email, password }: Person,
  { caFile, clientId }: { readonly caFile: string; readonly clientId: string },
): Promise<Tokens> {
  const form = { grant_type: "password", username: email, password, scope: "openid email", client_id: clientId };
  return askForTokens(issuer, form, caFile);
}

/** The claims of a token, unchecked. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
}

async function askForTokens(issuer: string, form: Record<string, string>, caFile: string): Promise<Tokens> {
  const url = `${issuer}/protocol/openid-connect/token`;
  const response = await createHttp({ caFile, timeoutMs: 90_000 })({
    method: "POST",
    url,
    body: new URLSearchParams(form),
  });
  const answer: Record<string, unknown> = JSON.parse(response.text);
  const { id_token: idToken, access_token: accessToken } = answer;
  if (typeof idToken !== "string" || typeof accessToken !== "string") {
    throw new Error(`${issuer} gives no tokens: ${response.status} ${answer.error} ${answer.error_description}`);
  }
  return { idToken, accessToken };
}

/** Answers each form, or goes on where there is only a link to go on by, until there is neither. */
async function fillIn(browser: Browser, first: Page, person: Person): Promise<Page> {
  let page = first;
  for (let n = 0; n < maxPages && page.status !== 0; n++) {
    const next = await answer(browser, page, person);
    if (!next) return page;
    // The same form again: what was typed is not accepted.
    if (formWith(next, "password") && formWith(page, "password")) throw unexpected(next);
    page = next;
  }
  return page;
}

async function answer(browser: Browser, page: Page, { email, password }: Person): Promise<Page | undefined> {
  const [firstName = ""] = email.split("@");
  const setsPassword = formWith(page, "password-new");
  if (setsPassword) return browser.submit(setsPassword, { "password-new": password, "password-confirm": password });
  const givesName = formWith(page, "firstName");
  if (givesName) return browser.submit(givesName, { email, firstName, lastName: "Example" });
  const logsIn = formWith(page, "password");
  if (logsIn) return browser.submit(logsIn, { username: email, password });
  const goesOn = linksOf(page).find((link) => link.includes("/login-actions/"));
  return goesOn ? browser.open(goesOn) : undefined;
}

const unexpected = (page: Page) =>
  new Error(`did not expect this page: ${page.status} ${page.url.split("?")[0]} says "${wordsOf(page)}"`);
