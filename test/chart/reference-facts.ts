/** What the chart account-operator 0.18.0 of the Go operator renders: facts about it, a line each, in its order. */
export interface ReferenceCase {
  readonly title: string;
  /** As its tests set them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Fields of the Deployment, and then the other objects. */
  readonly facts: readonly string[];
}

const first = (imageTag: string, healthPort: number) => [
  ...["operator", "--leader-elect", "--metrics-bind-address=:9090", `--health-probe-bind-address=:${healthPort}`],
  ...["--log-level=warn", "--region=local", "--environment=local", `--image-tag=${imageTag}`],
  '--image-name="ghcr.io/platform-mesh/platform-mesh/account-operator"',
  ...["--shutdown-timeout=1m", "--max-concurrent-reconciles=10"],
];
const last = [
  "--subroutines-workspace-type-enabled=true",
  "--subroutines-workspace-enabled=true",
  "--subroutines-workspace-ready-enabled=true",
  "--subroutines-account-info-enabled=true",
  "--controllers-account-info-enabled=true",
  "--kcp-api-export-endpoint-slice-name=core.platform-mesh.io",
  "--webhooks-enabled",
  "--webhooks-cert-dir=/certs",
  "--webhooks-deny-list=admin,root,system,www",
  "--webhooks-additional-account-types=account",
];

interface Variation {
  readonly tracing?: readonly string[];
  readonly env?: readonly string[];
  readonly healthPort?: number;
  readonly volumes?: readonly string[];
}

function deployment({ tracing = [], env = [], healthPort = 8090, volumes = [] }: Variation = {}): string[] {
  return [
    "metadata.annotations cert-manager.io/inject-ca-from: mesh/account-operator-serving-cert",
    "replicas: 1",
    "revisionHistoryLimit: 3",
    "selector app: account-operator",
    "label app: account-operator",
    "label control-plane: controller-manager",
    "serviceAccountName: account-operator",
    "automountServiceAccountToken: true",
    "terminationGracePeriodSeconds: 10",
    'pod.securityContext {"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}',
    "container: account-operator",
    "image: ghcr.io/platform-mesh/platform-mesh/account-operator:0.0.0",
    "imagePullPolicy: IfNotPresent",
    'resources {"limits":{"memory":"512Mi"},"requests":{"cpu":"40m","memory":"50Mi"}}',
    'securityContext {"readOnlyRootFilesystem":true,"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}',
    ...[...first("0.0.0", healthPort), ...tracing, ...last].map((arg) => `arg ${arg}`),
    ...env.map((each) => `env ${each}`),
    "port metrics 9090/TCP",
    `port health-port ${healthPort}/TCP`,
    "port webhook-port 9443/TCP",
    `livenessProbe {"failureThreshold":1,"httpGet":{"path":"/healthz","port":${healthPort}},"periodSeconds":10}`,
    `readinessProbe {"httpGet":{"path":"/readyz","port":${healthPort}},"initialDelaySeconds":5,"periodSeconds":10}`,
    `startupProbe {"failureThreshold":30,"httpGet":{"path":"/readyz","port":${healthPort}},"periodSeconds":10}`,
    ...volumes,
    "mount /certs of Secret account-operator-webhook-server-cert",
  ];
}

const objects = (clusterScoped = "account-operator") => [
  "Certificate account-operator-ca-cert for Secret account-operator-ca-secret, 8760h renewed 720h before",
  "Certificate account-operator-serving-cert for Secret account-operator-webhook-server-cert, 2160h renewed 720h before",
  `ClusterRole ${clusterScoped}`,
  `ClusterRoleBinding ${clusterScoped} of ServiceAccount account-operator`,
  "Deployment account-operator",
  "Issuer account-operator-ca-issuer",
  "Issuer account-operator-selfsigned-issuer",
  "Service account-operator-metrics: metrics 9090",
  "Service account-operator-webhook: 9443",
  "ServiceAccount account-operator",
];

export const referenceCases: readonly ReferenceCase[] = [
  { title: "operator match the snapshot", values: {}, facts: [...deployment(), ...objects()] },
  {
    title: "operator match the snapshot (with kubeconfigSecret)",
    values: { kubeconfigSecret: "kubeconfig" },
    facts: [
      ...deployment({
        env: ["KUBECONFIG=/api-kubeconfig/kubeconfig"],
        volumes: ["mount /api-kubeconfig of Secret kubeconfig"],
      }),
      ...objects(),
    ],
  },
  {
    title: "operator match the snapshot with webhook enabled",
    values: {
      health: { port: 8081, liveness: { path: "/healthz" } },
      webhooks: { enabled: true, certDir: "/certs" },
    },
    facts: [...deployment({ healthPort: 8081 }), ...objects()],
  },
  {
    title: "deployment with security context",
    values: { security: { mountServiceAccountToken: true } },
    facts: [...deployment(), ...objects()],
  },
  {
    title: "deployment with tracing",
    values: { tracing: { enabled: true, collector: { endpoint: "test:4317" } } },
    facts: [
      ...deployment({
        tracing: [
          "--tracing-enabled=true",
          "--tracing-config-service-name=account-operator.mesh",
          "--tracing-config-service-version=0.0.0",
          "--tracing-config-collector-endpoint=test:4317",
        ],
      }),
      ...objects(),
    ],
  },
  {
    title: "clusterScopedName",
    values: {
      clusterScopedName: { prefix: "pm-a", suffix: "stg" },
      webhooks: { enabled: true, register: true },
    },
    facts: [
      ...deployment(),
      ...objects("pm-a-account-operator-stg"),
      "MutatingWebhookConfiguration pm-a-account-operator-mutating-webhook-configuration-stg at account-operator-webhook.mesh.svc:9443/mutate-core-platform-mesh-io-v1alpha1-account",
      "ValidatingWebhookConfiguration pm-a-account-operator-validating-webhook-configuration-stg at Service account-operator-webhook-service/validate-core-platform-mesh-io-v1alpha1-account",
    ].toSorted((a, b) => Number(isObject(a)) - Number(isObject(b)) || (isObject(a) ? (a < b ? -1 : 1) : 0)),
  },
];

function isObject(fact: string): boolean {
  return /^[A-Z]/.test(fact);
}
