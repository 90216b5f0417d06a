{{/* Flags in the order of the Go operator's chart. Each block is a list in YAML. */}}

{{- define "af.flags.leaderElect" -}}
{{- if eq (include "af.get" (dict "root" . "key" "operator.leaderElect")) "true" -}}
- --leader-elect
{{- end -}}
{{- end -}}

{{/* Takes root and metricsPort. */}}
{{- define "af.flags.metrics" -}}
- --metrics-bind-address=:{{ .metricsPort | default (include "af.get" (dict "root" .root "key" "metrics.port")) }}
{{- end -}}

{{- define "af.flags.health" -}}
- --health-probe-bind-address=:{{ include "af.get" (dict "root" . "key" "health.port") }}
{{- end -}}

{{/* Takes root and imageName. */}}
{{- define "af.flags.attributes" -}}
- --log-level={{ include "af.get" (dict "root" .root "key" "log.level") }}
{{- if eq (include "af.get" (dict "root" .root "key" "log.noJson")) "true" }}
- --no-json=true
{{- end }}
- --region={{ include "af.get" (dict "root" .root "key" "region") }}
- --environment={{ include "af.get" (dict "root" .root "key" "environment") }}
- --image-tag={{ include "af.image.tag" .root }}
- --image-name={{ .imageName | default (include "af.image.name" .root) }}
- --shutdown-timeout={{ include "af.get" (dict "root" .root "key" "operator.shutdownTimeout") }}
{{- end -}}

{{- define "af.flags.concurrency" -}}
- --max-concurrent-reconciles={{ include "af.get" (dict "root" . "key" "operator.maxConcurrentReconciles") }}
{{- end -}}

{{- define "af.flags.tracing" -}}
{{- if eq (include "af.get" (dict "root" . "key" "tracing.enabled")) "true" -}}
- --tracing-enabled=true
- --tracing-config-service-name={{ include "af.name" . }}.{{ .Release.Namespace }}
- --tracing-config-service-version={{ include "af.image.tag" . }}
- --tracing-config-collector-endpoint={{ include "af.get" (dict "root" . "key" "tracing.collector.endpoint") }}
{{- end -}}
{{- end -}}

{{- define "af.flags.http2" -}}
{{- if eq (include "af.get" (dict "root" . "key" "enableHttp2")) "false" -}}
- --enable-http2=false
{{- end -}}
{{- end -}}

{{- define "af.flags.steps" -}}
- --subroutines-workspace-type-enabled={{ .Values.subroutines.workspaceType.enabled }}
- --subroutines-workspace-enabled={{ .Values.subroutines.workspace.enabled }}
- --subroutines-workspace-ready-enabled={{ .Values.subroutines.workspaceReady.enabled }}
- --subroutines-account-info-enabled={{ .Values.subroutines.accountInfo.enabled }}
{{- end -}}

{{- define "af.flags.slice" -}}
- --kcp-api-export-endpoint-slice-name={{ .Values.kcp.apiExportEndpointSliceName }}
{{- with .Values.kcp.providerWorkspace }}
- --kcp-provider-workspace={{ . }}
{{- end }}
{{- end -}}

{{/* What an installation refuses, whoever does it. */}}
{{- define "af.flags.rules" -}}
{{- if .Values.webhooks.denyList -}}
- --webhooks-deny-list={{ join "," .Values.webhooks.denyList }}
{{ end -}}
{{- with .Values.webhooks.additionalAccountTypes -}}
- --webhooks-additional-account-types={{ join "," . }}
{{- end -}}
{{- end -}}

{{- define "af.flags.webhooks" -}}
{{- if .Values.webhooks.enabled -}}
- --webhooks-enabled
- --webhooks-cert-dir={{ .Values.webhooks.certDir }}
{{ include "af.flags.rules" . }}
{{- if ne (int .Values.webhooks.port) 9443 }}
- --webhooks-port={{ .Values.webhooks.port }}
{{- end }}
{{- with .Values.webhooks.creatorAdminGroup }}
- --creator-admin-group={{ . }}
{{- end }}
{{- with .Values.webhooks.maxAccountDepth }}
- --max-account-depth={{ . }}
{{- end }}
{{- with .Values.webhooks.maxChildAccounts }}
- --max-child-accounts={{ . }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "af.flags.authorization" -}}
{{- if .Values.authorization.enabled -}}
- --authorization-webhook-enabled
- --authorization-webhook-cert-dir={{ .Values.authorization.certDir }}
{{- if ne (int .Values.authorization.port) 9444 }}
- --authorization-webhook-port={{ .Values.authorization.port }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "af.flags.fga" -}}
{{- with .Values.security.fga -}}
{{- if .url -}}
- --fga-url={{ .url }}
{{- if .tokenSecret }}
- --fga-token-file=/etc/account-functions/fga-token/token
{{- end }}
{{- if .caSecret }}
- --fga-ca=/etc/account-functions/fga-ca/ca.crt
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where the file for --idp-config is, if there is one. */}}
{{- define "af.idpFile" -}}
{{- with .Values.security.idp -}}
{{- if .config -}}/etc/account-functions/idp-config/idp.yaml
{{- else if .secret -}}/etc/account-functions/idp/idp.yaml
{{- end -}}
{{- end -}}
{{- end -}}

{{/* How orgs are secured. Takes root and secrets: whether this is for one who does it, and not only looks at it. */}}
{{- define "af.flags.security" -}}
{{- $security := .root.Values.security -}}
{{- if $security.enabled -}}
{{- if .secrets -}}
{{- with include "af.idpFile" .root -}}
- --idp-config={{ . }}
{{ end -}}
{{- end -}}
- --base-domain={{ $security.baseDomain }}
{{- if and $security.issuerCaSecret .secrets }}
- --issuer-ca=/etc/account-functions/issuer-ca/ca.crt
{{- end }}
{{- with $security.idp.additionalRedirectUrls }}
- --idp-additional-redirect-urls={{ join "," . }}
{{- end }}
{{- with $security.idp.kubectlRedirectUrls }}
- --idp-kubectl-client-redirect-urls={{ join "," . }}
{{- end }}
{{- with $security.additionalAudiences }}
- --additional-audiences={{ join "," . }}
{{- end }}
- --username-claim={{ $security.usernameClaim }}
- --groups-claim={{ $security.groupsClaim }}
{{- if $security.allowMemberTuples }}
- --allow-member-tuples-enabled
{{- end }}
{{- if $security.hashSubjects }}
- --hash-subjects
{{- end }}
- --initializer-workspace-enabled={{ $security.initializer.workspaceEnabled }}
- --initializer-idp-enabled={{ $security.initializer.idpEnabled }}
- --initializer-invite-enabled={{ $security.initializer.inviteEnabled }}
- --initializer-workspace-auth-enabled={{ $security.initializer.workspaceAuthEnabled }}
{{- end -}}
{{- end -}}

{{- define "af.flags.bus" -}}
{{- if eq .Values.bus.kind "nats" -}}
- --bus=nats
- --nats-url={{ .Values.bus.nats.url }}
- --nats-prefix={{ .Values.bus.nats.prefix }}
{{- end -}}
{{- if ne .Values.source.resync "1h" }}
- --resync={{ .Values.source.resync }}
{{- end }}
{{- end -}}

{{/* Takes a list of blocks, of which some are empty. */}}
{{- define "af.joined" -}}
{{- $blocks := list -}}
{{- range . -}}{{- with trim . -}}{{- $blocks = append $blocks . -}}{{- end -}}{{- end -}}
{{- join "\n" $blocks -}}
{{- end -}}
