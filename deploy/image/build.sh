#!/usr/bin/env bash
# Builds the worker's image with buildah, where no Docker engine runs; with --debian also what it stands on, from Debian's
# packages alone, where no image registry is reached.
#   deploy/image/build.sh [--debian] [TAG]          TAG: samehand by default
# A mirror of PyPI is taken from /etc/pip.conf, as a secret that no layer keeps. Needs buildah and crun; --debian also
# debootstrap and root.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly DEBIAN_BASE=localhost/samehand-debian
readonly DEBIAN_BUILDER=localhost/samehand-debian-builder
# Chroot isolation and the vfs driver ask nothing of the kernel: they work in containers and virtual machines, too.
readonly STORE=(--storage-driver vfs)
readonly BUILD=(--isolation chroot --network host --format docker)

die() { echo "$*" >&2; exit 2; }
need() { command -v "$1" >/dev/null || die "$1 is missing: apt-get install $1"; }

# debian NAME PACKAGES: an image as small as Debian goes with these packages, and the certificates that this machine
# trusts.
debian() {
    local root archive
    ! buildah "${STORE[@]}" images "$1" >/dev/null 2>&1 || return 0
    ((EUID == 0)) || die "--debian needs root: debootstrap makes devices"
    need debootstrap
    root=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder is known now
    trap "rm -rf --one-file-system '$root'" EXIT
    debootstrap --variant=minbase --include="$2" bookworm "$root" >"$root.log" 2>&1 ||
        { tail -n 5 "$root.log" >&2; die "debootstrap failed"; }
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root.log"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    archive=$(buildah "${STORE[@]}" from scratch)
    buildah "${STORE[@]}" add --quiet "$archive" "$root" / >/dev/null
    buildah "${STORE[@]}" commit --quiet --rm "$archive" "$1" >/dev/null
    rm -rf --one-file-system "$root"
}

need buildah
base=()
if [[ "${1:-}" == --debian ]]; then
    shift
    debian "$DEBIAN_BASE" python3,python3-venv,ca-certificates
    debian "$DEBIAN_BUILDER" python3,python3-dev,python3-venv,ca-certificates,gcc,libc6-dev
    base=(--build-arg "BASE=$DEBIAN_BASE" --build-arg "BUILDER=$DEBIAN_BUILDER")
fi
secret=()
[[ ! -r /etc/pip.conf ]] || secret=(--secret id=pip,src=/etc/pip.conf)
buildah "${STORE[@]}" build "${BUILD[@]}" "${base[@]}" "${secret[@]}" \
    --file deploy/image/Dockerfile --tag "${1:-samehand}" .
