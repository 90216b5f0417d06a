import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { createHttp } from "../../shared/identity/http.ts";
import { createAdmin } from "../../shared/identity/keycloak-admin.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { pmAs } from "../examples.ts";
import { clientOf } from "../people/access.ts";
import type { Person } from "../people/keycloak-login.ts";
import { writeKubeconfig } from "../people/kubeconfig.ts";
import { followMail, tokenFor } from "../people/sign-in.ts";
import { ensureUser } from "../people/welcome-realm.ts";
import { people, type Security } from "../security-stack.ts";
import type { Stack } from "../stack.ts";

/** Somebody who is logged in: with `pm`, and with kubectl, for which the client stands. */
export interface Access {
  readonly kubeconfig: string;
  readonly client: Client;
  pm(...args: readonly string[]): Promise<string>;
}

/** The people of the story, and where they log in. */
export interface Cast {
  readonly security: Security;
  /** As realm welcome knows them. */
  readonly alice: Person;
  readonly carol: Person;
  /** kcp's admin, who looks behind the scenes. */
  readonly admin: Access;
  /** Logs in to realm `welcome`. */
  welcomed(person: Person): Promise<Access>;
  /** Logs in to the realm of an org. */
  inOrg(person: Person, org: string): Promise<Access>;
  /** Follows the invitation to an org, and sets the password that is good there; answers that login. */
  join(email: string, org: string): Promise<Person>;
  /** Somebody who was given a login in the realm of an org by its admin, and nothing else. */
  enrolled(email: string, org: string): Promise<Person>;
}

export async function castOf({ kubeconfig, security }: Stack & { readonly security: Security }): Promise<Cast> {
  const folder = dirname(kubeconfig);
  const access = async (file: string): Promise<Access> => ({
    kubeconfig: file,
    client: await clientOf(file),
    pm: pmAs(file),
  });
  const logIn = async (person: Person, realm: string, workspace: string, clientId?: string): Promise<Access> => {
    const token = await tokenFor(security, person, { realm, ...(clientId && { clientId }) });
    const file = join(folder, `${person.email.split("@")[0]}-${realm}.kubeconfig`);
    return access(await writeKubeconfig(file, { like: kubeconfig, token, workspace }));
  };
  const known = (email: string): Person => {
    const user = security.welcome.users.find((each) => each.email === email);
    if (!user) throw new Error(`${email} is nobody in realm welcome`);
    return user;
  };
  return {
    security,
    alice: known(people.alice),
    carol: known(people.carol),
    admin: await access(kubeconfig),
    welcomed: (person) => logIn(person, "welcome", "root:orgs", security.welcome.kubectl.clientId),
    inOrg: (person, org) => logIn(person, org, `root:orgs:${org}`),
    async join(email, org) {
      const person = { email, password: randomUUID() };
      await followMail(security, person, { realm: org });
      return person;
    },
    async enrolled(email, org) {
      const { url, admin: login } = security.keycloak;
      const person = { email, password: randomUUID() };
      await ensureUser(createAdmin({ http: createHttp(security.keycloak), url, login, now: Date.now }), org, person);
      return person;
    },
  };
}
