#!/usr/bin/env bash
# Installs what a build, a test run or a demo needs, from Debian's packages only.
#
#   scripts/install.sh [GROUP...]      without a group: all but bench
#
# Groups: build    compilers and libraries for hud, hud-agent and the BPF objects
#         rust     cargo and rustc, unless they are on PATH already
#         crates   sources of Tokio 1.24, 1.43 and a recent one, and of what they need, into the cache
#         test     what the tests compare with or drive (gdb, elfutils, tmux, Alertmanager, ...)
#         arm      what runs aarch64 programs, whose stacks the unwinding tests compare with gdb's
#         kernels  kernels of other Debian releases, and a machine emulator to run Hud on them
#         bench    the profilers that the benchmarks measure us against
#         cluster  what a real one-node Kubernetes needs, and the server of custom resources of the current one
#         images   what builds the Dockerfile without a daemon
#         browser  a headless browser for the report pages
#
# Whatever is there already is left alone; a second run takes well under a second.
# HUD_CACHE is where unpacked sources go (default ~/.cache/hud).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

apt_updated=

# need PACKAGE...: installs those that are missing, all in one go.
need() {
  local missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  have apt-get || fail "missing: ${missing[*]}" "install the like of these by hand; this script knows Debian only"
  [ "$(id -u)" = 0 ] || fail "missing: ${missing[*]}" "sudo apt-get install ${missing[*]}"
  refresh_apt
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}" >"$apt_log" 2>&1 </dev/null || {
    tail -n 20 "$apt_log" >&2
    fail "apt-get could not install ${missing[*]}" "see $apt_log"
  }
}

refresh_apt() {
  [ -z "$apt_updated" ] || return 0
  apt_log="$hud_cache/logs/apt.log"; mkdir -p "$hud_cache/logs"
  say "refreshing the package lists"
  apt-get update -q >"$apt_log" 2>&1 </dev/null || say "the package lists could not be refreshed; using the ones at hand"
  apt_updated=1
}

install_dotnet() {
  have dotnet || fail "the .NET SDK 10 is not on PATH" "install it (https://learn.microsoft.com/dotnet/core/install/linux) and try again"
  dotnet --list-sdks | grep -q '^10\.' || fail "no .NET SDK 10 among: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')" "install the .NET SDK 10"
}

install_build() {
  install_dotnet
  # libelf and zlib are what libbpf itself is linked with; gcc builds the self-test program.
  # tzdata has the zones that a policy's schedule may name.
  need clang-19 libbpf1 libbpf-dev libelf1 libdw1 linux-libc-dev libc6-dev gcc make binutils ca-certificates tzdata
}

install_rust() {
  need gcc libc6-dev binutils
  if have cargo && have rustc; then return; fi
  # Debian 12's own rustc (1.63) is older than what recent Tokio needs; rustc-web is the current one, kept for browsers.
  refresh_apt
  if apt-cache show cargo-web >/dev/null 2>&1; then need rustc-web cargo-web; else need rustc cargo; fi
  have cargo || fail "cargo was installed but is not on PATH" "add /usr/bin to PATH"
}

install_crates() { "$hud_root/scripts/crates.sh"; }

# zsh and fish complete hud's command line; golang-go (its pprof) and python3-jsonschema read the report formats; bpftrace is a
# second profiler on the same target.
install_test() {
  need bpftrace golang-go python3-jsonschema tmux zsh fish gdb gcc g++ libc6-dev musl-tools elfutils libdebuginfod1 iproute2 binutils util-linux procps make python3-minimal xz-utils llvm-19
  "$hud_root/scripts/prometheus.sh"
}

install_arm() { need gdb gdb-multiarch qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross binutils; }

# Hud on kernels of other Debian releases, in an emulated machine whose file system is busybox and Hud.
install_kernels() {
  [ "$(uname -m)" = x86_64 ] || return 0
  need qemu-system-x86 busybox-static python3-minimal
  "$hud_root/scripts/kernels.sh"
}

install_bench() { need linux-perf bpftrace libbpf-tools bpftool; }

install_cluster() {
  need lua5.4 golang-go etcd-server containerd bpftool runc containernetworking-plugins iptables conntrack openssl iproute2 gcc libc6-dev python3-minimal
  have kubectl || need kubernetes-client
  have npm || need npm
}

install_images() { need buildah mmdebstrap; }

# Chromium opens the report page in the tests; the fonts are what its text is measured with.
install_browser() {
  need chromium fonts-dejavu-core
  have npm || need npm
  fetch_speedscope
}

# speedscope reads our exports in the tests. npm only fetches it; its own page runs in Chromium.
fetch_speedscope() {
  local version=1.25.0 folder="$hud_cache/speedscope" work sum=7297fd1d64d97f58a32d7049ae4f3b55eff9e2d9d8c7aae57f48144e1be7de8a
  sum+=24ea1eb784b5d539088c7f8e0f4fe5e8579d3770f7ef7e24f980fe6fa23a7a02
  ! grep -qsF "\"version\": \"$version\"" "$folder/package.json" || return 0
  say "fetching speedscope $version"
  work="$(mktemp -d)"
  (
    cd "$work"
    npm pack --silent "speedscope@$version" >/dev/null
    echo "$sum  speedscope-$version.tgz" | sha512sum --check --quiet
    tar xzf "speedscope-$version.tgz"
  ) || fail "speedscope $version could not be fetched"
  mkdir -p "$hud_cache"
  rm -rf "$folder"
  mv "$work/package" "$folder"
  rm -rf "$work"
}

case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
[ $# -gt 0 ] || set -- build rust crates test arm kernels browser cluster images
for group in "$@"; do
  case "$group" in
    build|rust|crates|test|arm|kernels|bench|cluster|images|browser) "install_$group" ;;
    *) fail "no group '$group'" "scripts/install.sh --help lists them" ;;
  esac
done
