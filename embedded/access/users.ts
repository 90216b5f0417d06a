import { randomUUID } from "node:crypto";
import { unauthorized } from "../status-error.ts";
import type { User } from "./attributes.ts";

/** A user that a bearer token stands for. */
export interface TokenUser {
  readonly token: string;
  readonly name: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
}

const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** Knows users by their bearer tokens. */
export class Users {
  readonly #byToken: ReadonlyMap<string, User>;

  constructor(users: readonly TokenUser[]) {
    this.#byToken = new Map(
      users.map(({ token, name, uid = randomUUID(), groups = [] }) => [
        token,
        { name, uid, groups: [...groups, "system:authenticated"] },
      ]),
    );
  }

  /** Who sends these headers; throws 401 for an unknown token. */
  of(headers: Readonly<Record<string, string | readonly string[] | undefined>>): User {
    const given = headers.authorization;
    if (given === undefined) return anonymous;
    const [, token] = /^Bearer (.+)$/i.exec(String(given)) ?? [];
    const user = token === undefined ? undefined : this.byToken(token);
    if (!user) throw unauthorized();
    return this.#impersonated(user, headers);
  }

  byToken(token: string): User | undefined {
    return this.#byToken.get(token);
  }

  #impersonated(user: User, headers: Readonly<Record<string, string | readonly string[] | undefined>>): User {
    const name = headers["impersonate-user"];
    if (name === undefined || !user.groups.some((group) => administrators.has(group))) return user;
    const groups = [headers["impersonate-group"] ?? []].flat().flatMap((group) => group.split(/,\s*/));
    return { name: String(name), groups: [...groups, "system:authenticated"] };
  }
}

const administrators = new Set(["system:masters", "system:kcp:admin"]);

/** Users of a file as kube-apiserver reads it: `token,name,uid,"group1,group2"` on each line. */
export function parseTokenFile(text: string): readonly TokenUser[] {
  return text
    .split("\n")
    .filter((line) => line.trim() && !line.startsWith("#"))
    .map((line, index) => {
      const fields = [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map(([, plain = "", quoted]) =>
        (quoted ?? plain).trim(),
      );
      const [token, name, uid, groups = ""] = fields;
      // The expression finds an empty field at the end of each line.
      if (!token || !name || fields.length < 4) {
        throw new Error(`line ${index + 1} of the users has no token, name and uid, separated by commas`);
      }
      return {
        token,
        name,
        uid: uid || name,
        groups: groups
          .split(",")
          .map((each) => each.trim())
          .filter(Boolean),
      };
    });
}
