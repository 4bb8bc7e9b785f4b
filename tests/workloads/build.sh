#!/usr/bin/env bash
# Builds the workloads: Tokio programs with known answers.
#
#   tests/workloads/build.sh SET...      what is built already is not built again
#
#   SET        is TOKIO-PROFILE[:BINARY,...], or `tests`: all that the test projects use
#   TOKIO      tokio124, tokio143 or tokio-new
#   PROFILE    release     as cargo makes it: no frame pointers, no debug information
#              lines       with line tables
#              stripped    release without any symbol
#              lto-abort   fat LTO, one codegen unit, panic=abort
#              lto-stripped  the same without any symbol
#              abort       release with panic=abort
#              opt1, optz  release with this opt-level
#              v0          the newer symbol mangling
#              relr        relative relocations packed into .relr.dyn
#              nopie       linked to a fixed address
#              static-pie  no shared libraries, at any address
#   BINARY     names of src/bin; without, all but `wide`
#
# Result: out/workloads/TOKIO-PROFILE/BINARY
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../../scripts/lib.sh"
. "$hud_root/scripts/rust.sh"

# The programs in which task types, threads and stacks differ enough to try them with every Tokio and compiler option.
core=cpu_hog,sleep,mutex,spawn_blocking,throughput,waits,wakes,behind
tests=(
  tokio143-release "tokio143-stripped:$core,block_in_place,in_place_after_block,pool_mix,never_returns,all_stuck,root_blocks" "tokio143-lto-abort:$core,block_in_place,in_place_after_block,pool_mix,alike" "tokio143-lines:$core,gzip"
  "tokio124-release:$core,block_in_place,current_thread,local_set,panics,idle" "tokio124-stripped:$core,block_in_place" "tokio124-lto-abort:$core,block_in_place"
  "tokio-new-release:$core,block_in_place,alike,local_set,panics,never_returns,all_stuck,root_blocks"
  tokio-new-stripped:wakes,behind tokio-new-lto-abort:block_in_place,spawn_blocking,wakes,behind
  tokio143-v0:cpu_hog,sleep tokio143-relr:cpu_hog,sleep tokio143-nopie:cpu_hog,sleep tokio143-static-pie:cpu_hog,sleep
)

# Without `wide`, which is for the benchmarks and takes minutes to compile.
all_binaries() { (cd "$here/src/bin" && ls) | sed 's/\.rs$//' | grep -vx wide; }

# fresh BINARY-FILE: its own source and what all share are older. After a change of this script: rm -r out/workloads.
fresh() { [ -e "$1" ] && [ -z "$(find "$here"/src/*.rs "$here/src/bin/$(basename "$1").rs" "$here/Cargo.toml" -newer "$1" -print -quit)" ]; }

# Plain builds: all binaries of a set in one go.
build_all() {
  local tokio="$1" target="$2" profile="$3" flags="$4"; shift 4
  local arguments=(build --profile "$profile")
  for binary in "$@"; do
    arguments+=(--bin "$binary")
    [ "$binary" != loads_late ] || arguments+=(--example plugin)
  done
  cargo_with "$here" "$tokio" "$target" "$flags" "${arguments[@]}" || return 1
  built="$hud_root/out/build/workloads/$tokio/$target"
}

# Options of the last step only: the crates below are those of the release build.
build_last_step() {
  local tokio="$1" flags; read -r -a flags <<<"$2"; shift 2
  for binary in "$@"; do cargo_with "$here" "$tokio" target "" rustc --release --bin "$binary" -- "${flags[@]}" || return 1; done
  built="$hud_root/out/build/workloads/$tokio/target"
}

# Runs inside an `if`, where bash does not stop at a command that fails: so each one says `|| return 1`.
build_set() {
  local tokio="$1" profile="$2"; shift 2
  local binaries=("$@") built host below=release
  case "$profile" in
    release|stripped) build_all "$tokio" target release "" "${binaries[@]}" || return 1 ;;
    lto-stripped) below=lto-abort; build_all "$tokio" target lto-abort "" "${binaries[@]}" || return 1 ;;
    lines|lto-abort|abort|opt1|optz) below="$profile"; build_all "$tokio" target "$profile" "" "${binaries[@]}" || return 1 ;;
    v0) build_all "$tokio" target-v0 release "-C symbol-mangling-version=v0" "${binaries[@]}" || return 1 ;;
    relr) build_last_step "$tokio" "-C link-arg=-Wl,-z,pack-relative-relocs" "${binaries[@]}" || return 1 ;;
    nopie) build_last_step "$tokio" "-C relocation-model=static" "${binaries[@]}" || return 1 ;;
    static-pie)
      # With a target named, the option does not reach build scripts, which could not be linked this way.
      host="$(rustc -vV | sed -n 's/^host: //p')" below="$host/release"
      CARGO_BUILD_TARGET="$host" build_all "$tokio" target-static release "-C target-feature=+crt-static" "${binaries[@]}" || return 1 ;;
    *) fail "no profile '$profile'" "tests/workloads/build.sh --help lists them" ;;
  esac
  local folder="$hud_root/out/workloads/$tokio-$profile"
  mkdir -p "$folder"
  for binary in "${binaries[@]}"; do
    # A copy under a new inode: probes sit on inodes, and the old one may be running.
    cp "$built/$below/$binary" "$folder/$binary.new" || return 1
    if [[ $profile == *stripped ]]; then strip "$folder/$binary.new" || return 1; fi
    [ "$binary" != loads_late ] || cp "$built/$below/examples/libplugin.so" "$folder/" || return 1
    touch "$folder/$binary.new" && mv -f "$folder/$binary.new" "$folder/$binary" || return 1
  done
}

ensure_set() {
  local name="${1%%:*}" list="" tokio profile wanted=() binaries=()
  case "$1" in *:*) list="${1#*:}" ;; esac
  case "$name" in
    tokio124-*|tokio143-*|tokio-new-*) ;;
    *) fail "no set '$1'" "tests/workloads/build.sh --help" ;;
  esac
  tokio="$(sed -E 's/^(tokio124|tokio143|tokio-new)-.*/\1/' <<<"$name")" profile="${name#"$tokio-"}"
  if [ -n "$list" ]; then IFS=, read -r -a wanted <<<"$list"; else mapfile -t wanted < <(all_binaries); fi
  for binary in "${wanted[@]}"; do
    [ -f "$here/src/bin/$binary.rs" ] || fail "no workload '$binary'" "one of: $(all_binaries | tr '\n' ' ')"
    fresh "$hud_root/out/workloads/$name/$binary" || binaries+=("$binary")
  done
  [ ${#binaries[@]} -gt 0 ] || return 0
  rust_ready "$tokio"
  run_logged "$hud_root/out/logs/workloads-$name.log" "workloads $name (${#binaries[@]})" build_set "$tokio" "$profile" "${binaries[@]}" ||
    fail "the workloads $name could not be built" "the whole log is out/logs/workloads-$name.log"
}

case "${1:-}" in -h|--help|"") usage_of "$0"; exit 0 ;; esac
for set in "$@"; do
  if [ "$set" = tests ]; then for one in "${tests[@]}"; do ensure_set "$one"; done; else ensure_set "$set"; fi
done
