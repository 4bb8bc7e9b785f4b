#!/usr/bin/env bash
# Makes directory sources of Rust crates, one per Tokio version, for `cargo --offline`.
#
#   scripts/crates.sh [VARIANT...]     tokio124 (Debian 12), tokio143 (Debian 13), tokio-new (testing); default: all
#
# Debian ships crates as source packages (librust-*-dev) with the checksum files that cargo asks of a
# directory source. They are downloaded and unpacked into the cache, never installed: each suite gets
# its own apt state, so the machine's own packages and lists are not touched.
#
# Result: $HUD_CACHE/crates/VARIANT/<crate>-<version>/
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/suites.sh"

# What the workloads and the demo service use; their dependencies follow from Debian's own.
wanted=(librust-tokio-dev librust-flate2-dev librust-sha2-dev librust-libc-dev librust-futures-executor-dev)

suite_of() {
  case "$1" in
    tokio124) echo bookworm ;;
    tokio143) echo trixie ;;
    tokio-new) echo forky ;;
    *) fail "no variant '$1'" "one of tokio124, tokio143, tokio-new" ;;
  esac
}

# Packages of the closure that hold crates, as name=version. The rest (libc6, compilers) is not wanted.
closure() {
  private_apt apt-get install -s -q --no-install-recommends "${wanted[@]}" |
    sed -n 's/^Inst \(librust-[^ ]*\) (\([^ ]*\) .*/\1=\2/p'
}

make_source() {
  local variant="$1" suite target apt packages
  suite="$(suite_of "$variant")"
  target="$hud_cache/crates/$variant"
  [ "$(cat "$target/.wanted" 2>/dev/null)" != "${wanted[*]}" ] || return 0
  have apt-get && have dpkg || fail "crates come from Debian packages and apt is not here" "fill $target with crate sources (see cargo vendor) and write '${wanted[*]}' into $target/.wanted"
  say "Rust crates for $variant, from Debian's $suite"
  open_suite "$suite"
  mapfile -t packages < <(closure)
  [ ${#packages[@]} -gt 0 ] || fail "$suite has no ${wanted[*]}" "choose another suite in scripts/crates.sh"
  (cd "$apt/debs" && private_apt apt-get download -q "${packages[@]}") >"$apt/download.log" 2>&1 ||
    { tail -n 5 "$apt/download.log" >&2; fail "the crates of $suite could not be downloaded" "see $apt/download.log"; }
  rm -rf "$target.new" "$apt/unpacked"; mkdir -p "$apt/unpacked"
  for deb in "$apt"/debs/*.deb; do dpkg -x "$deb" "$apt/unpacked"; done
  mv "$apt/unpacked/usr/share/cargo/registry" "$target.new"
  printf '%s' "${wanted[*]}" >"$target.new/.wanted"
  rm -rf "$target"; mv "$target.new" "$target"
  rm -rf "$apt"
  say "$variant: $(find "$target" -mindepth 1 -maxdepth 1 -type d | wc -l) crates, $(cd "$target" && ls -d tokio-1.*)"
}

case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
[ $# -gt 0 ] || set -- tokio124 tokio143 tokio-new
mkdir -p "$hud_cache/crates"
exec {lock}>"$hud_cache/crates/lock" && flock "$lock"   # two installs that start together unpack once
for variant in "$@"; do make_source "$variant"; done
