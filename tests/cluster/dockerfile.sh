#!/usr/bin/env bash
# dockerfile.sh OUT_DIR: builds both targets of the Dockerfile with buildah, without a registry and without a daemon:
#
#   OUT_DIR/hud-operator.tar   localhost/hud-operator:test
#   OUT_DIR/hud-agent.tar      localhost/hud-agent:test
#
# The bases are made here, from the Debian mirrors that this machine's apt knows; the .NET SDK, NuGet's packages and settings, apt's settings
# and the certificates are this machine's own, mounted for the build and not in the images. Bases stay in HUD_CACHE (default ~/.cache/hud);
# nothing is built when what the images are made of has not changed.
#
#   HUD_DOCKERFILE=0   leaves it: the cluster tests then take what build.sh left, and skip the tests of the images
#
# Ends with 2 and one line that says why on a machine where this cannot be done; with 1 when the Dockerfile is at fault.
set -euo pipefail
[ -n "${1:-}" ] || { echo "usage: tests/cluster/dockerfile.sh OUT_DIR" >&2; exit 1; }
out="$(mkdir -p "$1" && cd "$1" && pwd)"
cd "$(dirname "$0")/../.."
. scripts/lib.sh

cannot() { echo "the Dockerfile cannot be built here: $1; next: $2"; exit 2; }

[ "${HUD_DOCKERFILE:-}" != 0 ] || cannot "HUD_DOCKERFILE is 0" "unset it"
work="$hud_cache/dockerfile"
[ "$(id -u)" = 0 ] || cannot "it takes root" "run it with sudo"
for tool in buildah mmdebstrap; do have "$tool" || cannot "no $tool" "scripts/install.sh images"; done
suite="$(. /etc/os-release; [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}")" || cannot "the bases are made from Debian's packages and this is not Debian" "docker build, as docs/kubernetes.md has it"
sdk="$(dotnet --list-sdks 2>/dev/null | sed -n 's|^10\..* \[\(.*\)/sdk\]$|\1|p' | tail -n 1)"
[ -n "$sdk" ] || cannot "no .NET SDK 10" "install the .NET SDK 10"
nuget="$(dotnet nuget locals global-packages --list --force-english-output | sed 's/^global-packages: //')"
sources() { apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | grep -E " $suite[^ ]* " | sort -u; }
[ -n "$(sources)" ] || cannot "apt knows no mirror of Debian's $suite" "check /etc/apt/sources.list*, then run apt-get update"

mkdir -p "$work"
exec {lock}>"$work/lock" && flock "$lock"   # two runs that start together build once

# What .NET's own runtime-deps image holds, except ICU: the programs are built without it.
packages=libgcc-s1,libssl3,libstdc++6,ca-certificates,tzdata,usr-is-merged
key_of() { sha256sum | cut -c -16; }
base="localhost/hud-base:$(echo "1 $suite $packages" | key_of)"             # raise the number when the recipe below changes
tools="localhost/hud-tools:$(cat scripts/install.sh scripts/lib.sh - <<<"$base" | key_of)"
mapfile -t context < <(sed -n 's/^!//p' .dockerignore)
key="$({ find "${context[@]}" -type f -not -path '*/bin/*' -not -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum; cat Dockerfile .dockerignore tests/cluster/dockerfile.sh; dotnet --version; echo "$tools"; } | key_of)"
if [ -s "$out/hud-operator.tar" ] && [ -s "$out/hud-agent.tar" ] && [ "$(cat "$out/key" 2>/dev/null)" = "$key" ]; then exit 0; fi

# Images and containers of our own; the machine's storage is left alone. Scratch files too: buildah asks TMPDIR for them.
export TMPDIR="$work/tmp" BUILDAH_ISOLATION=chroot
rm -rf "$TMPDIR"; mkdir -p "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver overlay)
own() { buildah "${storage[@]}" "$@"; }
there() { own images --quiet "$1" >/dev/null 2>&1; }

# containers that an interrupted run left
own rm --all >/dev/null 2>"$work/storage.log" || cannot "buildah cannot use its storage ($(tail -n 1 "$work/storage.log"))" "it takes a file system that overlay works on; HUD_CACHE names another place"

mirrors="$TMPDIR/apt/sources.list.d" settings="$TMPDIR/apt/apt.conf.d"
mkdir -p "$mirrors" "$settings"
sources >"$mirrors/machine.list"
apt-config dump | grep -Ei '^acquire::(http|https|ftp|retries)' >"$settings/machine" || true

if ! there "$base"; then
  say "a base image from Debian's $suite"
  mmdebstrap --mode=root --variant=apt --include="$packages" --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --aptopt="$settings/machine" --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -rf "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/resolv.conf "$1"/etc/hostname "$1"/var/log/* "$1"/var/cache/*/*' \
    "$suite" "$TMPDIR/base.tar" "$mirrors/machine.list" >"$work/base.log" 2>&1 </dev/null ||
    cannot "no base could be made from the mirror ($(grep '^E:' "$work/base.log" | head -n 1))" "see $work/base.log"
  container="$(own from scratch)"
  own add --quiet "$container" "$TMPDIR/base.tar" / >/dev/null
  own config --cmd /bin/bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  own commit --quiet --rm "$container" "$base" >/dev/null
fi

# Only folders that an image of Debian has already are mounted over: a mount point made for it would stay in the image. The SDK, NuGet's
# packages and its settings come to /mnt, /media and /srv, which are empty, and where the image of the tools looks for them.
mounts=(--volume "$mirrors:/etc/apt/sources.list.d:ro" --volume "$settings:/etc/apt/apt.conf.d:ro" --volume /etc/ssl/certs:/etc/ssl/certs:ro --volume "$sdk:/mnt:ro"
  --volume "$nuget:/media")
[ ! -d "$HOME/.nuget/NuGet" ] || mounts+=(--volume "$HOME/.nuget/NuGet:/srv:ro")
build() { # TARGET TAG SDK
  run_logged "$work/$1.log" "the Dockerfile's $1" buildah "${storage[@]}" build --target "$1" --tag "$2" \
    --build-arg SDK="$3" --build-arg RUNTIME="$base" --pull=never "${mounts[@]}" . && return
  ! grep -qE 'Failed to fetch|Could not resolve|Temporary failure|NU1301' "$work/$1.log" || cannot "a package could not be fetched" "see $work/$1.log"
  fail "the Dockerfile's target $1 could not be built" "the whole log is $work/$1.log"
}

if ! there "$tools"; then
  container="$(own from --pull=never "$base")"
  own run "$container" -- sh -c 'mkdir -p /root/.nuget && ln -s /srv /root/.nuget/NuGet && ln -s /mnt/dotnet /usr/bin/dotnet'
  own config --env NUGET_PACKAGES=/media --env DOTNET_NOLOGO=1 --env DOTNET_CLI_TELEMETRY_OPTOUT=1 "$container"
  own commit --quiet --rm "$container" localhost/hud-sdk >/dev/null
  build tools "$tools" localhost/hud-sdk
fi
for target in operator agent; do
  build "$target" "localhost/hud-$target:test" "$tools"
  rm -f "$out/hud-$target.tar"
  own push --quiet "localhost/hud-$target:test" "docker-archive:$out/hud-$target.tar:localhost/hud-$target:test"
done
# what older recipes and sources left
own images --format '{{.Name}}:{{.Tag}}' | while read -r image; do
  case "$image" in
    "$base" | "$tools" | localhost/hud-sdk:latest | localhost/hud-operator:test | localhost/hud-agent:test | '<none>'*) ;;
    *) own rmi "$image" >/dev/null ;;
  esac
done
own rmi --prune >/dev/null
echo "$key" >"$out/key"
say "$(cd "$out" && du -h hud-operator.tar hud-agent.tar | awk '{printf "%s%s %s", sep, $2, $1; sep=", "}')"
