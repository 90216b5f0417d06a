import { ApiError } from "../shared/kcp/client.ts";
import { messageOf, UnreachableError as NoAnswer } from "../shared/kcp/errors.ts";
import { CliError, UnreachableError } from "./errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the server closed the connection",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the name server does not answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no answer in time",
};

/** Any error as one that a person can act on. */
export function explainError(error: unknown, server = "the server of the kubeconfig"): CliError {
  if (error instanceof CliError) return error;
  const chain = [...causes(error)];
  const api = chain.find((cause) => cause instanceof ApiError);
  if (api) return refused(api, error);
  if (chain.some((cause) => cause instanceof Error && cause.name === "BusUnreachableError")) {
    const next = "is NATS running, with JetStream?  check --nats-url, or use --bus=memory";
    return new UnreachableError("the bus does not answer", { why: messageOf(error), next, cause: error });
  }
  const untrusted = chain.find((cause) => /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/.test(codeOf(cause)));
  if (untrusted) {
    const next = "check certificate-authority-data of the kubeconfig: it must be the CA of this kcp";
    const facts = { where: server, why: messageOf(untrusted), next, cause: error };
    return new UnreachableError("kcp's certificate is not trusted", facts);
  }
  if (chain.some((cause) => cause instanceof NoAnswer)) {
    const why = reasonOf(error) ?? messageOf(error);
    const next = "is kcp running?  check --kubeconfig and --context, or allow more time with --timeout";
    return new UnreachableError("kcp does not answer", { where: server, why, next, cause: error });
  }
  return new CliError(messageOf(error), { cause: error });
}

/** Words for a connection that failed; `undefined` when its code is none that people meet. */
export const reasonOf = (error: unknown): string | undefined =>
  [...causes(error)].map((cause) => reasons[codeOf(cause)]).find(Boolean);

function refused(api: ApiError, outer: unknown): CliError {
  const next = {
    401: "the kubeconfig's user is not known to this kcp: check --kubeconfig and --context",
    403: "ask an owner of the workspace for access, or use another --context",
    404: "check the path; pm tree shows what exists",
  }[api.code];
  const why = `${messageOf(outer)} (${api.code} ${api.reason})`;
  return new CliError("kcp refused the request", { why, ...(next && { next }), cause: outer });
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
