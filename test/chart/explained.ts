import type { DiffLine } from "./line-diff.ts";

interface Explanation {
  readonly lines: RegExp;
  readonly reason: string;
}

/** Every way in which our chart differs from the Go operator's, and why. */
const explanations: readonly Explanation[] = [
  { lines: /^[-+]image: /, reason: "the image is ours; image.registry and image.repository say from where" },
  {
    lines: /^[-+]arg --image-name=/,
    reason: "the image is ours, and its name has no quotes in it: the reference passes them on as part of the name",
  },
  {
    lines: /^[-+]terminationGracePeriodSeconds: /,
    reason: "the reference's 10 s end before its shutdown timeout of 1m: what is under way was killed",
  },
  {
    lines: /^[-+]livenessProbe \{/,
    reason:
      "one second without an answer, on a busy node, restarted the pod: with one failure that ends it, it gets five seconds",
  },
  {
    lines: /^[-+]securityContext \{/,
    reason: "our container drops all capabilities, cannot gain rights, and says which user it runs as",
  },
  {
    lines: /^[-+]Service account-operator-webhook: /,
    reason: "the port has a name, so that the Service can have that of the authorization webhook, too",
  },
  {
    lines: /^[-+]MutatingWebhookConfiguration /,
    reason: "the reference's URL lacks https://, which no API server takes; ours names the Service",
  },
  {
    lines: /^[-+]ValidatingWebhookConfiguration /,
    reason:
      "the reference names Service account-operator-webhook-service, which there is not; the Service is account-operator-webhook",
  },
];

export interface ExplainedLine extends DiffLine {
  /** `undefined` for a difference that nobody accounts for. */
  readonly reason: string | undefined;
}

export const explain = (diff: readonly DiffLine[]): readonly ExplainedLine[] =>
  diff.map((each) => ({
    ...each,
    reason: explanations.find(({ lines }) => lines.test(`${each.side}${each.line}`))?.reason,
  }));

/** Reasons that account for nothing. */
export const unused = (lines: readonly ExplainedLine[]): readonly string[] =>
  explanations.map(({ reason }) => reason).filter((reason) => !lines.some((line) => line.reason === reason));
