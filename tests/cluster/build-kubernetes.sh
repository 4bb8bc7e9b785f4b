#!/usr/bin/env bash
# build-kubernetes.sh: prints a folder that holds kube-apiserver, kube-controller-manager, kube-scheduler and kubelet.
#
#   HUD_KUBE_BIN   a folder with those binaries (1.20 or newer): taken as it is, nothing is built
#   HUD_CACHE      where the build is kept, default ${XDG_CACHE_HOME:-~/.cache}/hud
#
# Debian ships kubectl only, but its source package is the whole tree with its dependencies, so the distribution's own Go
# builds it: about 7 minutes of two cores, once. The folder appears by rename, so an interrupted build leaves nothing behind.
set -euo pipefail

binaries=(kube-apiserver kube-controller-manager kube-scheduler kubelet)
say() { echo "build-kubernetes: $*" >&2; }
complete() { local b; for b in "${binaries[@]}"; do [[ -x $1/$b ]] || return 1; done; }

if [[ -n ${HUD_KUBE_BIN:-} ]]; then
  complete "$HUD_KUBE_BIN" || { say "HUD_KUBE_BIN=$HUD_KUBE_BIN lacks one of: ${binaries[*]}"; exit 1; }
  (cd "$HUD_KUBE_BIN" && pwd)
  exit
fi

cache=${HUD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hud}
out=$cache/kubernetes/r4 # raise when this recipe changes
mkdir -p "$cache/kubernetes"
exec 9> "$cache/kubernetes/lock"   # two test runs that start together build once
flock 9
if complete "$out"; then echo "$out"; exit; fi

command -v go >/dev/null || { say "Go is missing: run scripts/install.sh cluster"; exit 1; }
work=$(mktemp -d "$cache/kubernetes/build.XXXXXX")
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

say "fetching the Debian source package (once)"
# the machine's own mirror and suites, with the source index switched on, in lists that leave the machine's alone
if [[ -f /etc/apt/sources.list.d/debian.sources ]]; then
  sed -E 's/^Types:.*$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources > "$work/src.sources"
else
  sed -nE 's/^deb(-src)? /deb-src /p' /etc/apt/sources.list | sort -u > "$work/src.list"
fi
apt=(-o "Dir::Etc::sourcelist=$(ls "$work"/src.*)" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/aptcache" -o APT::Sandbox::User=root -qq)
mkdir -p "$work/lists/partial" "$work/aptcache/archives/partial"
apt-get "${apt[@]}" update >&2
(cd "$work" && apt-get "${apt[@]}" source --download-only kubernetes >&2)
archive=$(ls "$work"/kubernetes_*.orig.tar.gz)
# Debian went back once: 1.20.5+really1.20.2 is 1.20.2
version=$(basename "$archive" | sed -E 's/^kubernetes_(.*really)?([0-9]+\.[0-9]+\.[0-9]+).*/\2/')

# 1.20 vendors its dependencies for a GOPATH build; modules would ask the network
export GOPATH=$work/go GO111MODULE=off GOCACHE=$work/gocache GOFLAGS='' GOTOOLCHAIN=local CGO_ENABLED=0
tree=$GOPATH/src/k8s.io/kubernetes
mkdir -p "$tree" "$work/bin"
tar xzf "$archive" --strip-components=1 -C "$tree"
cd "$tree"

# The vendored reflect2 calls a function of Go's runtime whose signature changed in Go 1.18: an API server built with a newer Go
# crashes on the first custom resource. Debian packages the release that knows both.
(cd "$work" && apt-get -qq download golang-github-modern-go-reflect2-dev >&2 && dpkg -x golang-github-modern-go-reflect2-dev_*.deb reflect2)
rm -rf vendor/github.com/modern-go/reflect2
cp -r "$work/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/

# The vendored schema validator takes a value for null when reflect.Zero and the value share their memory, which since Go 1.16 is so
# for every empty string: custom resources with one would be refused.
for file in vendor/github.com/go-openapi/validate/type.go vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go; do
  sed -i 's/if data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data)) {/if data == nil {/' "$file"
  grep -q 'if data == nil {' "$file"
done

say "generating the API server's OpenAPI definitions"
# the one generated file that the tarball leaves out and kube-apiserver cannot be linked without
nice -n 19 go build -o "$work/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
packages=$(grep -rlE --include='*.go' '^// \+k8s:openapi-gen=(true|package)' staging/src/k8s.io | xargs -n1 dirname | sort -u |
  grep -vE '_examples|/cmd/|testapigroup|sample-apiserver|/example' | sed -E 's#^staging/src/#k8s.io/kubernetes/vendor/#' | paste -sd,)
: > "$work/header"
nice -n 19 "$work/openapi-gen" -h "$work/header" -O zz_generated.openapi -p k8s.io/kubernetes/pkg/generated/openapi \
  -r "$work/violations" -i "$packages" -o "$GOPATH/src" >&2

ldflags="-s -w"
for package in component-base/version client-go/pkg/version; do
  p=k8s.io/kubernetes/vendor/k8s.io/$package
  IFS=. read -r major minor _ <<< "$version"
  ldflags+=" -X $p.gitVersion=v$version -X $p.gitMajor=$major -X $p.gitMinor=$minor"
done
for b in "${binaries[@]}"; do
  say "building $b $version"
  cgo=0; [[ $b == kubelet ]] && cgo=1   # the kubelet's cgroup manager is C
  CGO_ENABLED=$cgo nice -n 19 go build -ldflags "$ldflags" -o "$work/bin/$b" "k8s.io/kubernetes/cmd/$b"
done
rm -rf "$out"
mv "$work/bin" "$out"
echo "$out"
