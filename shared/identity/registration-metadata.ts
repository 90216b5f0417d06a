import type { ClientSpec } from "./identity.ts";

/** What RFC 7591 and OpenID Connect registration call the parts of a client. */
export function metadataOf({ name, type, redirectUris, postLogoutRedirectUris }: ClientSpec) {
  return {
    client_name: name,
    // A native application may listen on this machine without https, a web application may not.
    application_type: redirectUris.every(isLoopback) ? "native" : "web",
    redirect_uris: [...redirectUris],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: type === "public" ? "none" : "client_secret_basic",
    ...(postLogoutRedirectUris.length > 0 && { post_logout_redirect_uris: [...postLogoutRedirectUris] }),
  };
}

/** Lists compare in any order. What the provider does not answer it does not keep: asking again would change nothing. */
export function isWanted(found: Readonly<Record<string, unknown>>, spec: ClientSpec): boolean {
  return Object.entries(metadataOf(spec)).every(([key, value]) => {
    const present = found[key];
    return present === undefined || inOrder(present) === inOrder(value);
  });
}

/** Without the fields that RFC 7592 (2.2) forbids in a change. */
export function withoutManaged(found: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const managed = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
  ];
  return Object.fromEntries(Object.entries(found).filter(([key]) => !managed.includes(key)));
}

function isLoopback(uri: string): boolean {
  const url = URL.parse(uri);
  return url?.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
}

const inOrder = (value: unknown) => JSON.stringify(Array.isArray(value) ? value.map(String).sort() : value);
