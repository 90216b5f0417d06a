import { z } from "zod";

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});
const observed = z.looseObject({
  kind: z.string(),
  status: z
    .looseObject({
      phase: z.string().optional(),
      identityHash: z.string().optional(),
      endpoints: z.array(z.looseObject({ url: z.string() })).optional(),
      conditions: z.array(condition).optional(),
    })
    .default({}),
});
type Observed = z.infer<typeof observed>;

const checks: Readonly<Record<string, (object: Observed) => string | undefined>> = {
  Workspace: inPhase("Ready"),
  WorkspaceType: isTrue("Ready"),
  APIExport: (object) => (object.status.identityHash ? isTrue("IdentityValid")(object) : "no identity yet"),
  APIExportEndpointSlice: ({ status }) => (status.endpoints?.length ? undefined : "no endpoint yet"),
  APIBinding: (object) => inPhase("Bound")(object) ?? isTrue("PermissionClaimsApplied")(object),
};

/** What an object still lacks before others can rely on it, in words; `undefined` when nothing. */
export function missing(object: unknown): string | undefined {
  const seen = observed.parse(object);
  return checks[seen.kind]?.(seen);
}

function inPhase(phase: string) {
  return ({ status }: Observed): string | undefined => {
    if (status.phase === phase) return undefined;
    const reasons = (status.conditions ?? []).filter((each) => each.status === "False").map(inWords);
    return [`phase ${status.phase || "not set"}, not ${phase} yet`, ...reasons].join("; ");
  };
}

function isTrue(type: string) {
  return ({ status }: Observed): string | undefined => {
    const found = status.conditions?.find((each) => each.type === type);
    if (found?.status === "True") return undefined;
    return found ? inWords(found) : `condition ${type} not reported yet`;
  };
}

const inWords = ({ type, status, reason, message }: z.infer<typeof condition>): string =>
  `${type} is ${status}${reason || message ? `: ${message || reason}` : ""}`;
