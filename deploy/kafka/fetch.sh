#!/usr/bin/env bash
# Bring jars from Maven Central into a cache outside the repository, once a version, and print their folder, which has
# libs/: Apache Kafka's (a KAFKA_HOME), or with the argument `connect` those of Kafka Connect with Debezium's connector
# for PostgreSQL. Needs Maven. Two runs at a time wait for each other.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
what=${1:-kafka}
case $what in
kafka) pom=$here/pom.xml whole=kafka-tools ;;
connect) pom=$here/connect/pom.xml whole=connect-runtime ;;
*) echo "usage: fetch.sh [connect]" >&2 && exit 2 ;;
esac
version=$(sed -n "s:.*<$what.version>\(.*\)</$what.version>.*:\1:p" "$pom")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/samehand/$what
home=$cache/$version

mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9

if [[ ! -e $home/libs/$whole-$version.jar ]]; then
    # Into a folder beside it and renamed when whole: a broken download never looks like a whole one.
    partial=$(mktemp -d "$cache/.partial.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    mvn --batch-mode --quiet --file "$pom" dependency:copy-dependencies \
        -DoutputDirectory="$partial/libs" >&2
    chmod 755 "$partial"
    if [[ -d $home ]]; then # an earlier version of the pom.xml laid it, and servers may run on it
        mv --no-clobber "$partial"/libs/* "$home/libs/"
    else
        mv -T "$partial" "$home"
        trap - EXIT
    fi
fi
printf '%s\n' "$home"
