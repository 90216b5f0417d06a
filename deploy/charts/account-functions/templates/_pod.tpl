{{- define "af.pod.security" -}}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "af.container.security" -}}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "af.pod.imagePullSecrets" -}}
{{- with include "af.get" (dict "root" . "key" "imagePullSecret") -}}
imagePullSecrets:
  - name: {{ . }}
{{- end -}}
{{- end -}}

{{- define "af.imagePullPolicy" -}}
imagePullPolicy: {{ include "af.get" (dict "root" . "key" "imagePullPolicy") }}
{{- end -}}

{{/* hostAliases is looked up as a whole, and is a list or {enabled, entries}. */}}
{{- define "af.pod.hostAliases" -}}
{{- $found := include "af.lookup" (dict "root" . "key" "hostAliases") | fromJson -}}
{{- $aliases := $found.value -}}
{{- $entries := list -}}
{{- if kindIs "slice" $aliases -}}{{- $entries = $aliases -}}
{{- else if $aliases.enabled -}}{{- $entries = $aliases.entries | default .Values.common.defaults.hostAliases.entries -}}
{{- end -}}
{{- with $entries -}}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "af.probe" -}}
httpGet:
  path: {{ include "af.get" (dict "root" .root "key" (printf "health.%s.path" .kind)) }}
  port: {{ include "af.get" (dict "root" .root "key" "health.port") }}
periodSeconds: {{ include "af.get" (dict "root" .root "key" "health.periodSeconds") }}
{{- end -}}

{{- define "af.container.probes" -}}
livenessProbe:
  {{- include "af.probe" (dict "root" . "kind" "liveness") | nindent 2 }}
  # A busy node is no reason to restart.
  timeoutSeconds: 5
  failureThreshold: {{ include "af.get" (dict "root" . "key" "health.liveness.failureThreshold") }}
startupProbe:
  {{- include "af.probe" (dict "root" . "kind" "startup") | nindent 2 }}
  failureThreshold: {{ include "af.get" (dict "root" . "key" "health.startup.failureThreshold") }}
readinessProbe:
  {{- include "af.probe" (dict "root" . "kind" "readiness") | nindent 2 }}
  initialDelaySeconds: {{ include "af.get" (dict "root" . "key" "health.readiness.initialDelaySeconds") }}
{{- end -}}

{{- define "af.container.ports" -}}
- name: metrics
  containerPort: {{ include "af.get" (dict "root" . "key" "metrics.port") }}
  protocol: TCP
- name: health-port
  containerPort: {{ include "af.get" (dict "root" . "key" "health.port") }}
  protocol: TCP
{{- end -}}

{{- define "af.container.reviewPorts" -}}
{{- if .Values.webhooks.enabled }}
- name: webhook-port
  containerPort: {{ .Values.webhooks.port }}
  protocol: TCP
{{- end }}
{{- if .Values.authorization.enabled }}
- name: authz-port
  containerPort: {{ .Values.authorization.port }}
  protocol: TCP
{{- end }}
{{- end -}}

{{- define "af.operatorResources" -}}
{{- $at := "deployment.resources" -}}
resources:
  limits:
    {{- with include "af.get" (dict "root" . "key" (printf "%s.limits.cpu" $at)) }}
    cpu: {{ . }}
    {{- end }}
    memory: {{ include "af.get" (dict "root" . "key" (printf "%s.limits.memory" $at)) }}
  requests:
    cpu: {{ include "af.get" (dict "root" . "key" (printf "%s.requests.cpu" $at)) }}
    memory: {{ include "af.get" (dict "root" . "key" (printf "%s.requests.memory" $at)) }}
{{- end -}}

{{- define "af.env" -}}
{{- if eq (include "af.get" (dict "root" . "key" "sentry.enabled")) "true" }}
- name: SENTRY_DSN
  valueFrom:
    secretKeyRef:
      name: {{ .Release.Name }}-sentry
      key: dsn
{{- end }}
{{- with .Values.extraEnvs }}
{{ toYaml . }}
{{- end }}
{{- if include "af.kubeconfigSecret" . }}
- name: KUBECONFIG
  value: /api-kubeconfig/kubeconfig
{{- end }}
{{- end -}}

{{/* A list of the values file; nothing for an empty one. */}}
{{- define "af.extra" -}}
{{- with . -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{/* Of pods that answer webhooks. */}}
{{- define "af.podAnnotations" -}}
{{- with .Values.deployment.specTemplate.annotations -}}
{{ toYaml . }}
{{ end -}}
{{- if and .Values.istio.enabled (include "af.answersReviews" .) -}}
traffic.sidecar.istio.io/excludeInboundPorts: {{ include "af.reviewPortList" . | quote }}
{{- end -}}
{{- end -}}

{{- define "af.reviewPortList" -}}
{{- $ports := list -}}
{{- if .Values.webhooks.enabled -}}{{- $ports = append $ports (toString .Values.webhooks.port) -}}{{- end -}}
{{- if .Values.authorization.enabled -}}{{- $ports = append $ports (toString .Values.authorization.port) -}}{{- end -}}
{{- join "," $ports -}}
{{- end -}}
