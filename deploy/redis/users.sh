#!/bin/sh
# Writes users.acl with the SHA-256 of the password that a file holds, and of a gate's, if there is one:
# deploy/redis/users.sh PASSWORD_FILE [PASSWORD_FILE_OF_THE_GATE] > users.acl
set -eu
[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: $0 PASSWORD_FILE [PASSWORD_FILE_OF_THE_GATE]" >&2; exit 2; }
here=$(dirname "$0")
# As samehand reads it: without the blanks around it.
digest() {
  password=$(sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' "$1")
  [ -n "$password" ] || { echo "$1 is empty" >&2; exit 2; }
  printf %s "$password" | sha256sum | cut -d ' ' -f 1
}
worker=$(digest "$1")
[ $# -eq 1 ] || gate=$(digest "$2")
sed "s/^user samehand on /&#$worker /" "$here/users.acl"
[ $# -eq 1 ] || sed "s/^user samehand-gate on /&#$gate /" "$here/gate.acl"
