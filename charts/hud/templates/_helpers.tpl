{{- define "hud.labels" -}}
app.kubernetes.io/name: hud
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{- define "hud.operatorSelector" -}}
app.kubernetes.io/name: hud
app.kubernetes.io/component: operator
{{- end -}}

{{- define "hud.registry" -}}
{{ required "registry is not set: name the registry that hud-operator and hud-agent were pushed to, e.g. --set registry=registry.example.com/tools" .Values.registry }}
{{- end -}}

{{- define "hud.operatorImage" -}}
{{ if .Values.image.repository }}{{ .Values.image.repository }}{{ else }}{{ include "hud.registry" . }}/hud-operator{{ end }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "hud.agentImage" -}}
{{ if .Values.agent.image.repository }}{{ .Values.agent.image.repository }}{{ else }}{{ include "hud.registry" . }}/hud-agent{{ end }}:{{ .Values.agent.image.tag | default .Chart.AppVersion }}
{{- end -}}
