{{/* What every pod of ours has: workers, and jobs that run a command once. */}}

{{- define "samehand.pod" -}}
serviceAccountName: {{ include "samehand.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "samehand.container" -}}
image: {{ include "samehand.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  privileged: false
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "samehand.kafkaMounts" -}}
{{- if .Values.kafka.sasl.mechanism }}
- {name: kafka, mountPath: /run/secrets/samehand/kafka, readOnly: true}
{{- if .Values.kafka.sasl.oauth.caSecretName }}
- {name: token-ca, mountPath: /run/secrets/samehand/token-ca, readOnly: true}
{{- end }}
{{- end }}
{{- if .Values.kafka.tls.secretName }}
- {name: kafka-tls, mountPath: /run/secrets/samehand/kafka-tls, readOnly: true}
{{- end }}
{{- if .Values.basisRights }}
- {name: basis-rights, mountPath: /etc/samehand/basis, readOnly: true}
{{- end }}
- {name: data, mountPath: /var/lib/samehand}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "samehand.storeMounts" -}}
- {name: pepper, mountPath: /run/secrets/samehand/pepper, readOnly: true}
- {name: redis, mountPath: /run/secrets/samehand/redis, readOnly: true}
{{- if .Values.redis.caSecretName }}
- {name: redis-ca, mountPath: /run/secrets/samehand/redis-ca, readOnly: true}
{{- end }}
{{- if .Values.redis.certSecretName }}
- {name: redis-cert, mountPath: /run/secrets/samehand/redis-cert, readOnly: true}
{{- end }}
{{- if .Values.redis.sentinel.secretName }}
- {name: redis-sentinel, mountPath: /run/secrets/samehand/redis-sentinel, readOnly: true}
{{- end }}
{{- end }}

{{- define "samehand.kafkaVolumes" -}}
{{- with .Values.kafka.sasl }}
{{- if .mechanism }}
- name: kafka
  secret:
    secretName: {{ .secretName }}
    defaultMode: 0440
    items: [{key: {{ .passwordKey }}, path: password}]
{{- with .oauth.caSecretName }}
- name: token-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.kafka.tls.secretName }}
- name: kafka-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if .Values.basisRights }}
- name: basis-rights
  configMap:
    name: {{ include "samehand.basisRights" . }}
{{- end }}
- name: data
  emptyDir: {sizeLimit: 64Mi}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{- define "samehand.storeVolumes" -}}
- name: pepper
  secret:
    secretName: {{ .Values.pepper.secretName }}
    defaultMode: 0440
    items: [{key: {{ .Values.pepper.key }}, path: pepper}]
- name: redis
  secret:
    secretName: {{ .Values.redis.secretName }}
    defaultMode: 0440
    items: [{key: {{ .Values.redis.passwordKey }}, path: password}]
{{- with .Values.redis.caSecretName }}
- name: redis-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- with .Values.redis.certSecretName }}
- name: redis-cert
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
{{- end }}
{{- with .Values.redis.sentinel }}
{{- if .secretName }}
- name: redis-sentinel
  secret:
    secretName: {{ .secretName }}
    defaultMode: 0440
    items: [{key: {{ .passwordKey }}, path: password}]
{{- end }}
{{- end }}
{{- end }}
