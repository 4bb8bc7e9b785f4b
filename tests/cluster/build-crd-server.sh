#!/usr/bin/env bash
# build-crd-server.sh: prints a folder with apiextensions-apiserver: the part of the current Kubernetes that serves custom resources,
# with its structural schemas, CEL rules and their cost, server-side apply and the words it refuses with.
#
#   HUD_CRD_BIN    a folder with that binary: taken as it is, nothing is built
#   HUD_CACHE      where the build is kept, default ${XDG_CACHE_HOME:-~/.cache}/hud
#
# Debian's unstable suite has the sources of this one server and of all that it imports as packages. They are downloaded and unpacked,
# never installed, and that suite's own Go builds them: about 7 minutes of one core, once.
set -euo pipefail
cd "$(dirname "$0")/../../scripts"
. ./lib.sh
. ./suites.sh

server=apiextensions-apiserver
if [[ -n ${HUD_CRD_BIN:-} ]]; then
  [[ -x $HUD_CRD_BIN/$server ]] || fail "HUD_CRD_BIN=$HUD_CRD_BIN has no $server"
  (cd "$HUD_CRD_BIN" && pwd)
  exit
fi

out=$hud_cache/crd-server/r1 # raise when this recipe changes
mkdir -p "$hud_cache/crd-server"
exec 9> "$hud_cache/crd-server/lock" # two test runs that start together build once
flock 9
if [[ -x $out/$server ]]; then echo "$out"; exit; fi

apt='' work=$(mktemp -d "$hud_cache/crd-server/build.XXXXXX")
trap 'rm -rf "$work" ${apt:+"$apt"}' EXIT
log=$hud_cache/logs/crd-server.log
mkdir -p "$hud_cache/logs"
say "the CRD server's sources, from Debian's unstable suite"
open_suite sid
# of the closure only Go's own packages are wanted: the rest (libc, compilers for cgo) is not needed without cgo
mapfile -t packages < <(private_apt apt-get install -s -q --no-install-recommends golang-k8s-apiextensions-apiserver-dev golang-1.26-go |
  sed -n 's/^Inst \(golang-[^ ]*\) (\([^ ]*\) .*/\1=\2/p')
[[ ${#packages[@]} -gt 0 ]] || fail "Debian's unstable suite has no golang-k8s-apiextensions-apiserver-dev" "set HUD_CRD_BIN to a folder with $server"
(cd "$apt/debs" && private_apt apt-get download -q "${packages[@]}") > "$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "the CRD server's sources could not be downloaded" "see $log"; }
for deb in "$apt"/debs/*.deb; do dpkg -x "$deb" "$work/unpacked"; done

# dpkg's folders name each other by absolute paths: Go is put together anew, and the sources are its GOPATH
mkdir -p "$work/goroot/pkg" "$work/gopath" "$work/bin"
cp -a "$work"/unpacked/usr/lib/go-1.26/. "$work/goroot/"
rm -rf "$work/goroot/src" "$work/goroot/pkg/include" "$work/goroot/api" "$work/goroot/test" "$work/goroot/misc"
ln -s "$work/unpacked/usr/share/go-1.26/src" "$work/goroot/src"
ln -s "$work/unpacked/usr/share/go-1.26/pkg/include" "$work/goroot/pkg/include"
ln -s "$work/unpacked/usr/share/gocode/src" "$work/gopath/src"

version=$(printf '%s\n' "${packages[@]}" | sed -nE 's/^golang-k8s-apiextensions-apiserver-dev=0\.([0-9]+)\.([0-9]+).*/\1 \2/p')
read -r minor patch <<< "$version"
ldflags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  ldflags+=" -X $package.gitVersion=v1.$minor.$patch -X $package.gitMajor=1 -X $package.gitMinor=$minor"
done
export GOROOT=$work/goroot GOPATH=$work/gopath GOCACHE=$work/gocache GO111MODULE=off GOPROXY=off GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0
run_logged "$log" "building $server 1.$minor.$patch" nice -n 19 "$GOROOT/bin/go" build -ldflags "$ldflags" -o "$work/bin/$server" k8s.io/apiextensions-apiserver
echo "v1.$minor.$patch" > "$work/bin/version"
rm -rf "$out"
mv "$work/bin" "$out"
echo "$out"
