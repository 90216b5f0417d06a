{{/* What cannot work is refused before anything is installed. */}}
{{- define "af.check" -}}
{{- $values := .Values -}}
{{- if and (eq $values.bus.kind "nats") (not $values.bus.nats.url) -}}
  {{- fail "bus.kind is nats: set bus.nats.url, as nats://nats:4222" -}}
{{- end -}}
{{- if eq $values.bus.kind "knative" -}}
  {{- if and (eq $values.bus.knative.publish "stream") (not $values.bus.nats.url) -}}
    {{- fail "bus.knative.publish is stream: set bus.nats.url to the servers of the NatsJetStreamBroker, as nats://nats:4222" -}}
  {{- end -}}
  {{- if and (gt (int $values.source.replicas) 1) (not $values.bus.nats.url) -}}
    {{- fail "source.replicas is above 1: set bus.nats.url, since a state on a volume is for one pod alone" -}}
  {{- end -}}
{{- else -}}
  {{- $elects := eq (include "af.get" (dict "root" . "key" "operator.leaderElect")) "true" -}}
  {{- if and (gt (int $values.deployment.replicas) 1) (not $elects) -}}
    {{- fail "deployment.replicas is above 1: set operator.leaderElect to true, or all of them would work at once" -}}
  {{- end -}}
{{- end -}}
{{- if and $values.authorization.enabled (not $values.security.fga.url) -}}
  {{- fail "authorization.enabled: set security.fga.url, as https://openfga:8080" -}}
{{- end -}}
{{- if and $values.bootstrap.welcome.issuerUrl (not $values.bootstrap.welcome.audiences) -}}
  {{- fail "bootstrap.welcome.issuerUrl: set bootstrap.welcome.audiences to the client ids that people log in with" -}}
{{- end -}}
{{- end -}}
