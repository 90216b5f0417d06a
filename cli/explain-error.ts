import { ApiError } from "../shared/kcp/client.ts";
import { CliError, UnreachableError } from "./errors.ts";

const noAnswer: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the server closed the connection",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the name server does not answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
  UND_ERR_SOCKET: "the server closed the connection",
};

/** Any error as one that a person can act on. */
export function explainError(error: unknown, server?: string): CliError {
  if (error instanceof CliError) return error;
  const chain = [...causes(error)];
  const api = chain.find((cause) => cause instanceof ApiError);
  if (api) return refused(api, chain[0]);
  const where = server ?? "the server of the kubeconfig";
  const next = "is kcp running?  check --kubeconfig, --context and the server's address; pm doctor checks the rest";
  for (const cause of chain) {
    const why = noAnswer[codeOf(cause)];
    if (why) return new UnreachableError("kcp does not answer", { where, why, next, cause: error });
    if (cause instanceof Error && cause.name === "TimeoutError") {
      return new UnreachableError("kcp does not answer in time", {
        where,
        why: cause.message,
        next: "pm … --timeout 60s",
        cause: error,
      });
    }
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/.test(codeOf(cause))) {
      const trust = "check certificate-authority-data of the kubeconfig: it must be the CA of this kcp";
      return new UnreachableError("kcp's certificate is not trusted", {
        where,
        why: messageOf(cause),
        next: trust,
        cause: error,
      });
    }
  }
  return new CliError(messageOf(error), { cause: error });
}

function refused(api: ApiError, outer: unknown): CliError {
  const why = api.message;
  const what = outer === api ? "kcp refused the request" : messageOf(outer).replace(/:.*$/s, "");
  const next = {
    401: "the kubeconfig's user is not known to this kcp: check --kubeconfig and --context",
    403: "ask an owner of the workspace for access, or use another --context",
    404: "check the path; pm tree shows what exists",
  }[api.code];
  return new CliError(what, { why: `${why} (${api.code} ${api.reason})`, ...(next && { next }), cause: outer });
}

function* causes(error: unknown): Generator<unknown> {
  for (let cause = error, depth = 0; cause !== undefined && cause !== null && depth < 10; depth++) {
    yield cause;
    if (cause instanceof AggregateError) yield* cause.errors;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
