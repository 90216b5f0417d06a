{{/* The functions that this release deploys: JSON {"items": [{name, on, settings}]}, in the order of files/functions.yaml. */}}
{{- define "af.functions" -}}
{{- $items := list -}}
{{- $values := .Values -}}
{{- $known := list -}}
{{- range (.Files.Get "files/functions.yaml" | fromYaml).functions -}}
  {{- $known = append $known .name -}}
  {{- $settings := mergeOverwrite (deepCopy $values.functions.defaults) (deepCopy (get $values.functions.overrides .name | default dict)) -}}
  {{- $wanted := $settings.enabled -}}
  {{- if eq (.needs | default "") "security" -}}{{- $wanted = and $wanted $values.security.enabled -}}{{- end -}}
  {{- if eq (.needs | default "") "fga" -}}{{- $wanted = and $wanted (ne $values.security.fga.url "") -}}{{- end -}}
  {{- if eq .name "release-accountinfo" -}}{{- $wanted = and $wanted $values.controllers.accountInfo.enabled -}}{{- end -}}
  {{- if and $wanted (not .webhook) -}}
    {{- $items = append $items (dict "name" .name "needs" (.needs | default "") "on" .on "settings" $settings) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $_ := $values.functions.overrides -}}
  {{- if not (has $name $known) -}}
    {{- fail (printf "functions.overrides.%s: there is no such function; there are %s" $name (join ", " $known)) -}}
  {{- end -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* The Knative Services of this release: JSON {"items": [{service, function, secrets, settings}]}; one without function
     serves all, and with `secrets` some of its functions need those of security. */}}
{{- define "af.services" -}}
{{- $items := list -}}
{{- $release := .Release.Name -}}
{{- if eq .Values.functions.layout "combined" -}}
  {{- $items = append $items (dict "service" (printf "%s-functions" $release) "function" "" "secrets" true "settings" .Values.functions.defaults) -}}
{{- else -}}
  {{- range (include "af.functions" . | fromJson).items -}}
    {{- $items = append $items (dict "service" (printf "%s-%s" $release .name) "function" .name "secrets" (ne .needs "") "settings" .settings) -}}
  {{- end -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* Takes root and function: the image of that function's Service. */}}
{{- define "af.functionImage" -}}
{{- if and .function (eq .root.Values.functions.image.kind "each") -}}
  {{- $repository := .root.Values.functions.image.repository | replace "{function}" .function -}}
  {{- include "af.image.in" (dict "root" .root "repository" $repository) -}}:{{- include "af.image.tag" .root -}}
{{- else -}}{{- include "af.image" .root -}}
{{- end -}}
{{- end -}}

{{- define "af.schedulerUrl" -}}
http://{{ include "af.name" . }}-source.{{ .Release.Namespace }}.svc.cluster.local:{{ .Values.scheduler.port }}
{{- end -}}

{{/* Where the scheduler finds the function {function}. */}}
{{- define "af.functionUrl" -}}
{{- if eq .Values.functions.layout "combined" -}}
http://{{ .Release.Name }}-functions.{{ .Release.Namespace }}.svc.cluster.local/{function}
{{- else -}}
http://{{ .Release.Name }}-{function}.{{ .Release.Namespace }}.svc.cluster.local
{{- end -}}
{{- end -}}

{{/* K_SINK where the values file gives it; a SinkBinding sets it otherwise. */}}
{{- define "af.sinkEnv" -}}
{{- with .Values.bus.knative.sink -}}
- name: K_SINK
  value: {{ . | quote }}
{{- end -}}
{{- end -}}

{{/* Labels of the pods of a Deployment. Takes root and part. */}}
{{- define "af.partLabels" -}}
app: {{ include "af.name" .root }}-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
account-functions.platform-mesh.io/metrics: "true"
{{- with .root.Values.deployment.specTemplate.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* How an event is delivered, of Triggers and Broker alike. Takes the root, with `function` in it for a Trigger. */}}
{{- define "af.delivery" -}}
{{- $delivery := .Values.bus.knative.delivery -}}
retry: {{ $delivery.retry }}
backoffPolicy: {{ $delivery.backoffPolicy }}
backoffDelay: {{ $delivery.backoffDelay }}
timeout: {{ .Values.bus.knative.timeout }}
deadLetterSink:
  {{- if $delivery.deadLetterSink }}
  {{- toYaml $delivery.deadLetterSink | nindent 2 }}
  {{- else }}
  uri: {{ include "af.schedulerUrl" . }}/dead-letters{{ with .function }}/{{ . }}{{ end }}
  {{- end }}
{{- end -}}
