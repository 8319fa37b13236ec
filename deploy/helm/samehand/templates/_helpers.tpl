{{- define "samehand.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "samehand.release" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Workers alone: jobs of the same release serve no HTTP and count for no budget. */}}
{{- define "samehand.selector" -}}
{{ include "samehand.release" . }}
app.kubernetes.io/component: worker
{{- end }}

{{- define "samehand.labels" -}}
{{ include "samehand.release" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "samehand.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* Named by its content, so that pods start anew with another table. */}}
{{- define "samehand.basisRights" -}}
{{- printf "%s-basis-rights-%s" (include "samehand.name" .) (.Values.basisRights | sha256sum | trunc 8) -}}
{{- end }}
