{{/* First part of the names of all objects. The Go operator's chart calls them so for the same release. */}}
{{- define "af.name" -}}
{{- if .Values.fullnameOverride -}}{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}{{- .Chart.Name -}}
{{- else if contains "account-operator" .Release.Name -}}account-operator
{{- else -}}{{- printf "%s-account-operator" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Takes root and name: that name between prefix and suffix. */}}
{{- define "af.clusterScoped" -}}
{{- $prefix := include "af.get" (dict "root" .root "key" "clusterScopedName.prefix") -}}
{{- $suffix := include "af.get" (dict "root" .root "key" "clusterScopedName.suffix") -}}
{{- join "-" (compact (list $prefix .name $suffix)) -}}
{{- end -}}

{{- define "af.labels" -}}
app.kubernetes.io/name: account-functions
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "af.image.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{/* Takes root and repository: without tag. */}}
{{- define "af.image.in" -}}
{{- if .root.Values.image.registry -}}{{- .root.Values.image.registry -}}/{{- end -}}{{- .repository -}}
{{- end -}}

{{- define "af.image.name" -}}
{{- .Values.image.name | default (include "af.image.in" (dict "root" . "repository" .Values.image.repository)) -}}
{{- end -}}

{{/* The image of everything. */}}
{{- define "af.image" -}}
{{- $name := include "af.image.name" . -}}
{{- if .Values.image.digest -}}{{- $name -}}@{{- .Values.image.digest -}}
{{- else -}}{{- $name -}}:{{- include "af.image.tag" . -}}
{{- end -}}
{{- end -}}

{{- define "af.kubeconfigSecret" -}}
{{- if .Values.kubeconfigSecret -}}{{- .Values.kubeconfigSecret -}}
{{- else if or .Values.bootstrap.enabled (eq .Values.bus.kind "knative") -}}account-operator-kubeconfig
{{- end -}}
{{- end -}}

{{- define "af.certSecret" -}}
{{- .Values.webhooks.certificate.secretName | default (printf "%s-webhook-server-cert" (include "af.name" .)) -}}
{{- end -}}

{{/* One Deployment of everything, as the Go operator. */}}
{{- define "af.isOperator" -}}
{{- if ne .Values.bus.kind "knative" -}}true{{- end -}}
{{- end -}}

{{/* The pods that answer webhooks, if any do. */}}
{{- define "af.answersReviews" -}}
{{- if or .Values.webhooks.enabled .Values.authorization.enabled -}}true{{- end -}}
{{- end -}}

{{- define "af.makesCertificate" -}}
{{- if and (include "af.answersReviews" .) (not .Values.webhooks.certificate.secretName) -}}true{{- end -}}
{{- end -}}

{{/* `app` of the pods that answer webhooks. */}}
{{- define "af.reviewer" -}}
{{- include "af.name" . -}}{{- if not (include "af.isOperator" .) -}}-admission{{- end -}}
{{- end -}}

{{- define "af.webhookHost" -}}
{{- include "af.name" . -}}-webhook.{{- .Release.Namespace -}}.svc
{{- end -}}
