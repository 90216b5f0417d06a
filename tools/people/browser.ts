import { createHttp, type Http, type HttpResponse } from "../../shared/identity/http.ts";

/** A page as a browser without scripts sees it. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}
export interface Form {
  readonly action: string;
  /** Names of the fields with what is in them. */
  readonly fields: ReadonlyMap<string, string>;
}

const maxRedirects = 20;

/** As much of a browser as login pages need: cookies, redirects, forms. Stops at an address that starts with `stopAt`, which
 *  nobody serves, and answers it as a page of status 0. */
export class Browser {
  readonly #http: Http;
  readonly #cookies = new Map<string, string>();
  readonly #stopAt: string;

  constructor({ caFile, stopAt }: { readonly caFile: string; readonly stopAt: string }) {
    this.#http = createHttp({ caFile, timeoutMs: 90_000 });
    this.#stopAt = stopAt;
  }

  open(url: string): Promise<Page> {
    return this.#follow(url, this.#send("GET", url));
  }

  submit(form: Form, values: Readonly<Record<string, string>>): Promise<Page> {
    const body = new URLSearchParams({ ...Object.fromEntries(form.fields), ...values });
    return this.#follow(form.action, this.#send("POST", form.action, body));
  }

  async #follow(first: string, answer: Promise<HttpResponse>): Promise<Page> {
    let url = first;
    let response = await answer;
    for (let n = 0; n < maxRedirects; n++) {
      const { location } = response.headers;
      if (response.status < 300 || response.status > 399 || !location) {
        return { url, status: response.status, html: response.text };
      }
      url = new URL(location, url).href;
      if (url.startsWith(this.#stopAt)) return { url, status: 0, html: "" };
      response = await this.#send("GET", url);
    }
    throw new Error(`${first} redirects more than ${maxRedirects} times, last to ${url}`);
  }

  async #send(method: "GET" | "POST", url: string, body?: URLSearchParams): Promise<HttpResponse> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...(cookie && { cookie }) };
    const response = await this.#http({ method, url, headers, ...(body && { body }) });
    for (const line of response.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value && !/max-age=0/i.test(line)) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return response;
  }
}

/** The first form of the page that has this field. */
export function formWith(page: Page, field: string): Form | undefined {
  return formsOf(page).find(({ fields }) => fields.has(field));
}

function formsOf(page: Page): readonly Form[] {
  return [...page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = "", body = ""]) => {
    const inputs = [...body.matchAll(/<input\b([^>]*)>/gi)].map(([, input = ""]) => input);
    const fields = inputs
      .filter((input) => !["submit", "checkbox", "button"].includes(attribute(input, "type") ?? ""))
      .map((input): [string, string] => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""]);
    const action = new URL(attribute(head, "action") ?? "", page.url).href;
    return { action, fields: new Map(fields.filter(([name]) => name)) };
  });
}

/** Addresses that the page links to. */
export function linksOf(page: Page): readonly string[] {
  return [...page.html.matchAll(/<a\b([^>]*)>/gi)].flatMap(([, head = ""]) => {
    const href = attribute(head, "href");
    return href ? [new URL(href, page.url).href] : [];
  });
}

/** The page's words, for a message about one that was not expected. */
export function wordsOf({ html }: Page): string {
  const body = html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]+>/g, " ");
  return body.replace(/\s+/g, " ").trim().slice(0, 400);
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`, "i").exec(tag)?.[1];
  return value?.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<");
}
