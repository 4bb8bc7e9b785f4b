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

# The address of the machine's own Debian mirror, as apt knows it.
mirror() {
  apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
    grep -Ev -- '(-security|-updates|-backports)( |$)|-security/ ' | awk '{print $1}' | sort | uniq -c | sort -rn | awk 'NR==1 {print $2}'
}

# private_apt TOOL ARGS...: apt with lists, state and sources of its own under $apt.
private_apt() {
  local tool="$1"; shift
  "$tool" -o Dir::Etc::sourcelist="$apt/suite.sources" -o Dir::Etc::sourceparts="$apt/none" -o Dir::State="$apt/state" \
    -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root \
    -o Acquire::Retries=3 "$@" </dev/null
}

set_up_apt() {
  local suite="$1" uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  uri="$(mirror)"
  [ -n "$uri" ] || { apt-get update -q >/dev/null 2>&1 || true; uri="$(mirror)"; }
  [ -n "$uri" ] || fail "no Debian mirror among apt's sources" "check /etc/apt/sources.list*, then run apt-get update"
  mkdir -p "$apt/none" "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
  : >"$apt/status"   # as if nothing were installed: dependencies are followed to their end
  { printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite"
    [ ! -e "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"; } >"$apt/suite.sources"
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
  apt="$hud_cache/apt/$suite"
  say "Rust crates for $variant, from Debian's $suite"
  set_up_apt "$suite"
  private_apt apt-get update -q >"$apt/update.log" 2>&1 || { tail -n 5 "$apt/update.log" >&2; fail "the package list of $suite could not be read" "see $apt/update.log"; }
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
