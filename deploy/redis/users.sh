#!/bin/sh
# Writes users.acl with the SHA-256 of the password that a file holds, and of a gate's and an operator's, if there are:
# deploy/redis/users.sh PASSWORD_FILE [PASSWORD_FILE_OF_THE_GATE [PASSWORD_FILE_OF_OPERATORS]] > users.acl
set -eu
usage="usage: $0 PASSWORD_FILE [PASSWORD_FILE_OF_THE_GATE [PASSWORD_FILE_OF_OPERATORS]]"
[ $# -ge 1 ] && [ $# -le 3 ] || { echo "$usage" >&2; exit 2; }
here=$(dirname "$0")
# As samehand reads it: without the blanks around it.
digest() {
  password=$(sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' "$1")
  [ -n "$password" ] || { echo "$1 is empty" >&2; exit 2; }
  printf %s "$password" | sha256sum | cut -d ' ' -f 1
}
worker=$(digest "$1")
[ $# -eq 1 ] || gate=$(digest "$2")
[ $# -lt 3 ] || operator=$(digest "$3")
sed "s/^user samehand on /&#$worker /" "$here/users.acl"
[ $# -eq 1 ] || sed "s/^user samehand-gate on /&#$gate /" "$here/gate.acl"
[ $# -lt 3 ] || sed "s/^user samehand-operator on /&#$operator /" "$here/operator.acl"
