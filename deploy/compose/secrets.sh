#!/bin/sh
# Makes the secrets of deploy/compose.yaml, once; one that is there is kept. Run it as root: the files belong to the
# users that read them in the containers (65532 the worker's, 999 Redis's, 472 Grafana's).
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets/gate
word() { od -An -N 32 -tx1 /dev/urandom | tr -d ' \n'; }
[ -e secrets/redis_password ] || word > secrets/redis_password
[ -e secrets/redis_gate_password ] || word > secrets/redis_gate_password
[ -e secrets/grafana_password ] || word > secrets/grafana_password
[ -e secrets/pepper ] || printf 'identity %s\npepper 1 %s current\n' "$(word)" "$(word)" > secrets/pepper
[ -e secrets/webhook_secret ] || printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64)" > secrets/webhook_secret
[ -e secrets/appeals_secret ] || printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64)" > secrets/appeals_secret
[ ! -e secrets/gate_keys ] || [ -e secrets/gate/keys.json ] || mv secrets/gate_keys secrets/gate/keys.json
[ -e secrets/gate/keys.json ] || printf '{"version": 1, "keys": []}\n' > secrets/gate/keys.json
[ "$(id -u)" -ne 0 ] || {
    chown 65532 secrets/pepper secrets/webhook_secret secrets/appeals_secret secrets/gate secrets/gate/keys.json
    chown 65532:1000 secrets/redis_password secrets/redis_gate_password
    chmod 440 secrets/redis_password secrets/redis_gate_password
    chown 472 secrets/grafana_password
}
