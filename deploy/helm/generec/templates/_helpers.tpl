{{- define "generec.name" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "generec.labels" -}}
app.kubernetes.io/name: generec
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "generec.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "generec.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "generec.environment" -}}
{{- if .Values.postgresql.enabled }}
- name: GENEREC_STORE
  valueFrom:
    secretKeyRef:
      name: {{ required "postgresql.existingSecret names the secret with the URL" .Values.postgresql.existingSecret }}
      key: {{ .Values.postgresql.secretKey }}
{{- else }}
- name: GENEREC_STORE
  value: sqlite:////var/lib/generec/store/generec.db
{{- end }}
{{- if .Values.languageModels.existingSecret }}
- name: GENEREC_INSTRUCTOR_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.languageModels.existingSecret }}
      key: instructor
      optional: true
- name: GENEREC_WRITER_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.languageModels.existingSecret }}
      key: writer
      optional: true
{{- end }}
{{- if .Values.otel.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.otel.endpoint | quote }}
{{- end }}
{{- end -}}
