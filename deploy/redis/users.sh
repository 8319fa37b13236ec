#!/bin/sh
# Writes users.acl with the SHA-256 of the password that a file holds: deploy/redis/users.sh PASSWORD_FILE > users.acl
set -eu
[ $# -eq 1 ] || { echo "usage: $0 PASSWORD_FILE" >&2; exit 2; }
# As samehand reads it: without the blanks around it.
password=$(sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' "$1")
[ -n "$password" ] || { echo "$1 is empty" >&2; exit 2; }
digest=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
sed "s/^user samehand on /&#$digest /" "$(dirname "$0")/users.acl"
