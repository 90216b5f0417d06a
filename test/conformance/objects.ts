/** What a case writes: an object of a kind, with metadata besides its name. */
type Extra = Readonly<Record<string, unknown>>;

/** A valid Account, unless `spec` says otherwise. */
export const account = (name: string, spec: Extra = {}, metadata: Extra = {}): Extra => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: { name, ...metadata },
  spec: { displayName: name, type: "account", ...spec },
});

export const configMap = (name: string, data: Extra = { key: "value" }, metadata: Extra = {}): Extra => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

export const workspace = (name: string, spec: Extra = { type: { name: "universal", path: "root" } }): Extra => ({
  apiVersion: "tenancy.kcp.io/v1alpha1",
  kind: "Workspace",
  metadata: { name },
  spec,
});

export const clusterRole = (name: string, ...rules: readonly Extra[]): Extra => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  rules,
});

export const clusterRoleBinding = (name: string, role: string, ...users: readonly string[]): Extra => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: users.map((user) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user })),
});

export const condition = (type: string, more: Extra = {}): Extra => ({
  type,
  status: "True",
  reason: "Done",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  ...more,
});
