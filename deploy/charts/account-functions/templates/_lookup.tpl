{{/* The value at a path of keys, as JSON {"value": …}; nothing where there is none. Takes in (a map) and path (a list). */}}
{{- define "af.find" -}}
{{- $at := .in -}}
{{- $found := true -}}
{{- range .path -}}
  {{- if and $found (kindIs "map" $at) -}}
    {{- if hasKey $at . -}}{{- $at = get $at . -}}{{- else -}}{{- $found = false -}}{{- end -}}
  {{- else -}}
    {{- $found = false -}}
  {{- end -}}
{{- end -}}
{{- if and $found (not (kindIs "invalid" $at)) -}}{{- dict "value" $at | toJson -}}{{- end -}}
{{- end -}}

{{/* A value by the rule of the reference's library chart: KEYOverride, global.KEY, KEY, common.defaults.KEY.
     Takes root and key (with dots); answers JSON {"value": …}. */}}
{{- define "af.lookup" -}}
{{- $values := .root.Values -}}
{{- $path := splitList "." .key -}}
{{- $override := append (initial $path) (printf "%sOverride" (last $path)) -}}
{{- $hit := "" -}}
{{- range list $override (prepend $path "global") $path (concat (list "common" "defaults") $path) -}}
  {{- if not $hit -}}{{- $hit = include "af.find" (dict "in" $values "path" .) -}}{{- end -}}
{{- end -}}
{{- $hit -}}
{{- end -}}

{{/* The same as text. */}}
{{- define "af.get" -}}
{{- $hit := include "af.lookup" . -}}
{{- if $hit -}}{{- (fromJson $hit).value -}}{{- end -}}
{{- end -}}
