#!/usr/bin/env bash
# Fetches kernels of other Debian releases, for the tests that run Hud on them in a virtual machine.
#
#   scripts/kernels.sh [SUITE...]      default: bookworm (6.1: perf uprobes) and trixie (6.12: uprobe.multi)
#
# Downloaded and unpacked, never installed. Result: $HUD_CACHE/kernels/SUITE/vmlinuz
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/suites.sh"

fetch() {
  local suite="$1" target="$hud_cache/kernels/$1" apt package
  [ ! -s "$target/vmlinuz" ] || return 0
  say "a kernel of Debian's $suite"
  open_suite "$suite"
  package="$(private_apt apt-cache depends --no-recommends --no-suggests linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -1)"
  [ -n "$package" ] || fail "$suite has no kernel linux-image-cloud-amd64"
  (cd "$apt/debs" && private_apt apt-get download -q "$package") >"$apt/download.log" 2>&1 ||
    { tail -n 5 "$apt/download.log" >&2; fail "the kernel of $suite could not be downloaded" "see $apt/download.log"; }
  dpkg -x "$apt"/debs/*.deb "$apt/unpacked"
  mkdir -p "$target"
  cp "$apt"/unpacked/boot/vmlinuz-* "$target/vmlinuz.new" && mv "$target/vmlinuz.new" "$target/vmlinuz"
  rm -rf "$apt"
  say "$suite: $package"
}

case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
[ $# -gt 0 ] || set -- bookworm trixie
mkdir -p "$hud_cache/kernels"
exec {lock}>"$hud_cache/kernels/lock" && flock "$lock"   # two installs that start together fetch once
for suite in "$@"; do fetch "$suite"; done
