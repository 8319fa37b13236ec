{{- define "samehand.environment" -}}
{{- include "samehand.settings" (list . "^SAMEHAND_") -}}
{{- end }}

{{/* For what only publishes: neither Redis nor the pepper is its business. */}}
{{- define "samehand.kafkaEnvironment" -}}
{{- include "samehand.settings" (list . "^SAMEHAND_(KAFKA|TOPIC|LOG|BASIS)_") -}}
{{- end }}

{{/* The settings whose names a pattern fits. */}}
{{- define "samehand.settings" -}}
{{- $fitting := index . 1 -}}
{{- with index . 0 -}}
{{- $given := dict
  "SAMEHAND_KAFKA_BROKERS" (join "," .Values.kafka.brokers)
  "SAMEHAND_KAFKA_GROUP" .Values.kafka.group
  "SAMEHAND_TOPIC_PARTITIONS" (toString .Values.kafka.partitions)
  "SAMEHAND_TOPIC_REPLICATION" (toString .Values.kafka.replication)
  "SAMEHAND_TOPIC_CREATE" (toString .Values.kafka.createTopics)
  "SAMEHAND_REDIS_URL" .Values.redis.url
  "SAMEHAND_REDIS_USERNAME" .Values.redis.username
  "SAMEHAND_REDIS_PASSWORD_FILE" "/run/secrets/samehand/redis/password"
  "SAMEHAND_PEPPER_FILE" "/run/secrets/samehand/pepper/pepper"
  "SAMEHAND_STORE_PREFIX" .Values.store.prefix
  "SAMEHAND_STORE_BANS" (int64 .Values.store.bans | toString)
  "SAMEHAND_STORE_REMEMBERED" (int64 .Values.store.remembered | toString)
  "SAMEHAND_STOP_SECONDS" (toString .Values.stopSeconds) -}}
{{- if .Values.kafka.topicPrefix }}{{ $_ := set $given "SAMEHAND_TOPIC_PREFIX" .Values.kafka.topicPrefix }}{{ end -}}
{{- if .Values.basisRights }}{{ $_ := set $given "SAMEHAND_BASIS_RIGHTS" "/etc/samehand/basis/basis-rights.toml" }}{{ end -}}
{{- if .Values.redis.caSecretName }}{{ $_ := set $given "SAMEHAND_REDIS_CA_FILE" "/run/secrets/samehand/redis-ca/ca.crt" }}{{ end -}}
{{- if .Values.redis.certSecretName -}}
{{- $_ := set $given "SAMEHAND_REDIS_CERT_FILE" "/run/secrets/samehand/redis-cert/tls.crt" -}}
{{- $_ := set $given "SAMEHAND_REDIS_KEY_FILE" "/run/secrets/samehand/redis-cert/tls.key" -}}
{{- end -}}
{{- with .Values.redis.sentinel -}}
{{- if .secretName -}}
{{- $_ := set $given "SAMEHAND_REDIS_SENTINEL_PASSWORD_FILE" "/run/secrets/samehand/redis-sentinel/password" -}}
{{- if .username }}{{ $_ := set $given "SAMEHAND_REDIS_SENTINEL_USERNAME" .username }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.kafka.tls -}}
{{- if .enabled }}{{ $_ := set $given "SAMEHAND_KAFKA_TLS" "true" }}{{ end -}}
{{- if and .enabled .secretName }}{{ $_ := set $given "SAMEHAND_KAFKA_CA_FILE" "/run/secrets/samehand/kafka-tls/ca.crt" }}{{ end -}}
{{- if .mutual -}}
{{- $_ := set $given "SAMEHAND_KAFKA_CERT_FILE" "/run/secrets/samehand/kafka-tls/tls.crt" -}}
{{- $_ := set $given "SAMEHAND_KAFKA_KEY_FILE" "/run/secrets/samehand/kafka-tls/tls.key" -}}
{{- end -}}
{{- end -}}
{{- with .Values.kafka.sasl -}}
{{- if .mechanism -}}
{{- $_ := set $given "SAMEHAND_KAFKA_SASL_MECHANISM" .mechanism -}}
{{- $_ := set $given "SAMEHAND_KAFKA_USERNAME" .username -}}
{{- $_ := set $given "SAMEHAND_KAFKA_PASSWORD_FILE" "/run/secrets/samehand/kafka/password" -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := merge (deepCopy .Values.settings) $given }}
{{- if regexMatch $fitting $name }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
