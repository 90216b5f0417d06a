import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { IdentityConfig } from "../../shared/identity/config.ts";
import { createHttp } from "../../shared/identity/http.ts";
import type { Organization } from "../../shared/identity/identity.ts";
import { createIdentityProvider } from "../../shared/identity/open.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { acceptInvitation, logIn } from "../../tools/people/keycloak-login.ts";
import type { Mailbox } from "../../tools/smtp-double.ts";
import type { BareKcp } from "../bare-kcp.ts";
import type { TestKeycloak } from "../servers.ts";

export interface PeopleOptions {
  readonly identity: IdentityConfig;
  readonly keycloak: TestKeycloak;
  readonly mailbox: Mailbox;
  readonly bare: BareKcp;
}

const redirectUri = "http://localhost:8000";
const client = "kubectl";
const mailLimitMs = 30_000;

/** What people without any right in kcp do: follow their invitation mails, choose a password, log in. */
export class People {
  /** Every password and token that anybody used. */
  readonly secrets = new Set<string>();
  readonly #options: PeopleOptions;
  /** Links that were followed. */
  readonly #read = new Set<string>();

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  issuerOf(realm: string): string {
    return `${this.#options.keycloak.url}/realms/${realm}`;
  }

  /** The realm of people who have no org yet, with a client to log in by. */
  async welcome(): Promise<{ readonly issuer: string; readonly clientId: string }> {
    const provider = createIdentityProvider(this.#options.identity);
    const { issuer } = await provider.ensureOrganization(welcome);
    const spec = { name: client, type: "public", redirectUris: [redirectUri], postLogoutRedirectUris: [] } as const;
    const { clientId } = await provider.ensureClient({ organization: welcome, client: spec });
    return { issuer, clientId };
  }

  /** Makes somebody a user of the realm of those without an org. */
  async register(email: string): Promise<void> {
    const invitation = { email, clientId: client, redirectUri };
    await createIdentityProvider(this.#options.identity).invite({ organization: welcome, invitation });
  }

  /** Follows the first mail of that realm that was not read yet, and sets a password. */
  async accept(email: string, realm: string): Promise<void> {
    const { keycloak, mailbox } = this.#options;
    const signal = AbortSignal.timeout(mailLimitMs);
    for (let after = 0; ; after++) {
      const { links } = await mailbox.waitFor(email, { after, signal });
      const link = links.find((each) => each.includes(`/realms/${realm}/login-actions/`));
      if (!link || this.#read.has(link)) continue;
      this.#read.add(link);
      return acceptInvitation(link, this.#person(email), { caFile: keycloak.caFile, redirectUri });
    }
  }

  /** A token of that realm for kcp. */
  async tokenOf(email: string, realm: string): Promise<string> {
    const { caFile } = this.#options.keycloak;
    const reach = { caFile, redirectUri, clientId: client };
    const { idToken, accessToken } = await logIn(this.issuerOf(realm), this.#person(email), reach);
    for (const secret of [idToken, accessToken]) this.secrets.add(secret);
    return idToken;
  }

  /** The realm's discovery document. */
  async discover(realm: string): Promise<{ readonly issuer: string }> {
    const http = createHttp({ caFile: this.#options.keycloak.caFile });
    const url = `${this.issuerOf(realm)}/.well-known/openid-configuration`;
    return JSON.parse((await http({ method: "GET", url })).text);
  }

  /** Runs the command line with a token. */
  async pm(token: string, ...args: readonly string[]): Promise<string> {
    const { bare } = this.#options;
    const admin = await loadKubeconfig({ file: bare.kcp.adminKubeconfig, context: "root" });
    const user = { name: "person", user: { token } };
    const ca = Buffer.from(admin.serverCa()).toString("base64");
    const cluster = { server: `${admin.server}/clusters/root:orgs`, "certificate-authority-data": ca };
    const file = join(bare.folder, "person.kubeconfig");
    const kubeconfig = {
      ...{ apiVersion: "v1", kind: "Config", "current-context": "mesh", users: [user] },
      clusters: [{ name: "mesh", cluster }],
      contexts: [{ name: "mesh", context: { cluster: "mesh", user: "person" } }],
    };
    await writeFile(file, JSON.stringify(kubeconfig), { mode: 0o600 });
    const { code, out, err } = await bare.pm(...args, `--kubeconfig=${file}`);
    if (code !== 0) throw new Error(`pm ${args.join(" ")} ended with ${code}: ${err}${out}`);
    return out;
  }

  /** Acts in kcp with a token of that realm. */
  async as(email: string, realm: string): Promise<Client> {
    return this.#options.bare.as(await this.tokenOf(email, realm));
  }

  /** Asks Keycloak's own API, as its administrator. */
  async keycloakSays<T>(path: string): Promise<T> {
    const { admin, caFile, url } = this.#options.keycloak;
    const http = createHttp({ caFile });
    const secret = await readFile(admin.secretFile, "utf8");
    const form = { grant_type: "client_credentials", client_id: admin.clientId, client_secret: secret };
    const body = new URLSearchParams(form);
    const login = await http({ method: "POST", url: `${url}/realms/master/protocol/openid-connect/token`, body });
    const { access_token: token } = JSON.parse(login.text);
    const answer = await http({
      method: "GET",
      url: `${url}/admin${path}`,
      headers: { authorization: `Bearer ${token}` },
    });
    return (answer.status === 404 ? undefined : JSON.parse(answer.text)) as T;
  }

  #person(email: string) {
    const password = `Passw0rd-of-${email}`;
    this.secrets.add(password);
    return { email, password };
  }
}

const welcome: Organization = { name: "welcome", uid: "welcome", displayName: "Welcome" };
