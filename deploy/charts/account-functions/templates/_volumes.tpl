{{/* Secrets and where a container sees them: JSON {"items": [{name, path, secret | configMap}]}, of the parts that are
     asked for. Takes root and parts, of kubeconfig, webhooks, authorization, fga, security. */}}
{{- define "af.mounts" -}}
{{- $root := .root -}}
{{- $items := list -}}
{{- $folder := "/etc/account-functions" -}}
{{- if has "kubeconfig" .parts -}}
  {{- with include "af.kubeconfigSecret" $root -}}
    {{- $items = append $items (dict "name" "external-api-server" "path" "/api-kubeconfig" "secret" .) -}}
  {{- end -}}
{{- end -}}
{{- if and (has "webhooks" .parts) $root.Values.webhooks.enabled -}}
  {{- $items = append $items (dict "name" "cert" "path" $root.Values.webhooks.certDir "secret" (include "af.certSecret" $root)) -}}
{{- end -}}
{{- if and (has "authorization" .parts) $root.Values.authorization.enabled -}}
  {{- $items = append $items (dict "name" "authorization-cert" "path" $root.Values.authorization.certDir "secret" (include "af.certSecret" $root)) -}}
{{- end -}}
{{- if and (has "fga" .parts) $root.Values.security.fga.url -}}
  {{- with $root.Values.security.fga.tokenSecret -}}
    {{- $items = append $items (dict "name" "fga-token" "path" (printf "%s/fga-token" $folder) "secret" .) -}}
  {{- end -}}
  {{- with $root.Values.security.fga.caSecret -}}
    {{- $items = append $items (dict "name" "fga-ca" "path" (printf "%s/fga-ca" $folder) "secret" .) -}}
  {{- end -}}
{{- end -}}
{{- if and (has "security" .parts) $root.Values.security.enabled -}}
  {{- if $root.Values.security.idp.config -}}
    {{- $items = append $items (dict "name" "idp-config" "path" (printf "%s/idp-config" $folder) "configMap" (printf "%s-idp" (include "af.name" $root))) -}}
  {{- end -}}
  {{- with $root.Values.security.idp.secret -}}
    {{- $items = append $items (dict "name" "idp" "path" (printf "%s/idp" $folder) "secret" .) -}}
  {{- end -}}
  {{- with $root.Values.security.issuerCaSecret -}}
    {{- $items = append $items (dict "name" "issuer-ca" "path" (printf "%s/issuer-ca" $folder) "secret" .) -}}
  {{- end -}}
{{- end -}}
{{- dict "items" $items | toJson -}}
{{- end -}}

{{/* `volumeMounts` and `volumes` of the same. */}}
{{- define "af.volumeMounts" -}}
{{- range (include "af.mounts" . | fromJson).items }}
- name: {{ .name }}
  mountPath: {{ .path }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "af.volumes" -}}
{{- range (include "af.mounts" . | fromJson).items }}
- name: {{ .name }}
  {{- if .secret }}
  secret:
    secretName: {{ .secret }}
  {{- else }}
  configMap:
    name: {{ .configMap }}
  {{- end }}
{{- end }}
{{- end -}}
