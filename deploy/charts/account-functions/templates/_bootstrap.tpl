{{/* Flags of pm bootstrap, without those of the webhooks. */}}
{{- define "af.bootstrap.flags" -}}
{{- $bootstrap := .Values.bootstrap -}}
- bootstrap
- --kubeconfig=/admin/kubeconfig
- --operator-kubeconfig=/work/kubeconfig
- --operator-secret={{ include "af.kubeconfigSecret" . }}
{{- if eq $bootstrap.operatorCredentials "token" }}
- --operator-token-file=/operator/token
{{- else }}
- --operator-client-certificate=/operator/tls.crt
- --operator-client-key=/operator/tls.key
{{- end }}
{{- with include "af.flags.rules" . | trim }}
{{ . }}
{{- end }}
{{- with .Values.webhooks.creatorAdminGroup }}
- --creator-admin-group={{ . }}
{{- end }}
{{- if $bootstrap.upgrade }}
- --upgrade
{{- end }}
- --wait={{ $bootstrap.wait }}
{{- with $bootstrap.security | default (ternary "on" "" .Values.security.enabled) }}
- --security={{ . }}
{{- end }}
{{- if .Values.security.enabled }}
{{- with include "af.flags.fga" . }}
{{ . }}
{{- end }}
{{- with $bootstrap.welcome.issuerUrl }}
- --welcome-issuer-url={{ . }}
- --welcome-audience={{ join "," $bootstrap.welcome.audiences }}
{{- end }}
{{- if $bootstrap.welcome.caSecret }}
- --welcome-ca=/welcome-ca/ca.crt
{{- end }}
{{- end }}
{{- with $bootstrap.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "af.bootstrap.registers" -}}
{{- if and .Values.webhooks.enabled .Values.bootstrap.registerWebhooks -}}true{{- end -}}
{{- end -}}

{{- define "af.bootstrap.webhookUrl" -}}
{{- .Values.bootstrap.webhookUrl | default (printf "https://%s:%v" (include "af.webhookHost" .) .Values.webhooks.port) -}}
{{- end -}}

{{/* Takes root, name and flags. */}}
{{- define "af.bootstrap.container" -}}
- name: {{ .name }}
  image: {{ include "af.image" .root }}
  {{- include "af.imagePullPolicy" .root | nindent 2 }}
  resources:
    {{- toYaml .root.Values.bootstrap.resources | nindent 4 }}
  {{- include "af.container.security" .root | nindent 2 }}
  args:
    {{- .flags | nindent 4 }}
{{- end -}}

{{/* The pod of the Job, apart from its containers' last detail: what a change of it makes another Job. */}}
{{- define "af.bootstrap.pod" -}}
{{- $name := include "af.name" . -}}
{{- $flags := include "af.bootstrap.flags" . -}}
{{- $registers := include "af.bootstrap.registers" . -}}
{{- $parts := dict "root" . "parts" (list "fga") -}}
{{- $mounts := include "af.bootstrap.mounts" . -}}
{{- with include "af.pod.imagePullSecrets" . }}
{{ . }}
{{- end }}
{{ include "af.pod.security" . }}
serviceAccountName: {{ $name }}-bootstrap
restartPolicy: OnFailure
{{- with include "af.pod.hostAliases" . }}
{{ . }}
{{- end }}
{{- if $registers }}
initContainers:
  {{- include "af.bootstrap.container" (dict "root" . "name" "bootstrap" "flags" $flags) | nindent 2 }}
    volumeMounts:
      {{- $mounts | nindent 6 }}
{{- end }}
containers:
  {{- if $registers }}
  {{- $webhooks := printf "- --webhook-url=%s\n- --webhook-ca=/webhook-ca/ca.crt" (include "af.bootstrap.webhookUrl" .) }}
  {{- include "af.bootstrap.container" (dict "root" . "name" "register-webhooks" "flags" (printf "%s\n%s" $flags $webhooks)) | nindent 2 }}
  {{- else }}
  {{- include "af.bootstrap.container" (dict "root" . "name" "bootstrap" "flags" $flags) | nindent 2 }}
  {{- end }}
    volumeMounts:
      {{- $mounts | nindent 6 }}
      {{- if $registers }}
      - name: webhook-ca
        mountPath: /webhook-ca
        readOnly: true
      {{- end }}
volumes:
  - name: admin
    secret:
      secretName: {{ .Values.bootstrap.adminKubeconfigSecret }}
  - name: operator
    secret:
      secretName: {{ .Values.bootstrap.operatorCredentialsSecret }}
  - name: work
    emptyDir: {}
  {{- if .Values.security.enabled }}
  {{- with include "af.volumes" $parts | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .Values.bootstrap.welcome.caSecret }}
  - name: welcome-ca
    secret:
      secretName: {{ . }}
  {{- end }}
  {{- end }}
  {{- if $registers }}
  - name: webhook-ca
    secret:
      secretName: {{ include "af.certSecret" . }}
      items:
        - key: ca.crt
          path: ca.crt
  {{- end }}
{{- end -}}

{{- define "af.bootstrap.mounts" -}}
- name: admin
  mountPath: /admin
  readOnly: true
- name: operator
  mountPath: /operator
  readOnly: true
- name: work
  mountPath: /work
{{- if .Values.security.enabled }}
{{- with include "af.volumeMounts" (dict "root" . "parts" (list "fga")) | trim }}
{{ . }}
{{- end }}
{{- if .Values.bootstrap.welcome.caSecret }}
- name: welcome-ca
  mountPath: /welcome-ca
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}
