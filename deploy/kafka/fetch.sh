#!/usr/bin/env bash
# Bring Apache Kafka's jars from Maven Central into a cache outside the repository, once a version, and print
# the folder: a KAFKA_HOME (it has libs/). Needs Maven. Two runs at a time wait for each other.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/pom.xml")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/samehand/kafka
home=$cache/$version

mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9

if [[ ! -e $home/libs/kafka-tools-$version.jar ]]; then
    # Into a folder beside it and renamed when whole: a broken download never looks like a Kafka.
    partial=$(mktemp -d "$cache/.partial.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    mvn --batch-mode --quiet --file "$here/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$partial/libs" >&2
    chmod 755 "$partial"
    if [[ -d $home ]]; then # without the commands: an earlier version of the pom.xml laid it, and brokers may run on it
        mv --no-clobber "$partial"/libs/* "$home/libs/"
    else
        mv -T "$partial" "$home"
        trap - EXIT
    fi
fi
printf '%s\n' "$home"
