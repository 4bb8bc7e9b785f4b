#!/usr/bin/env bash
# Builds a Tokio program with more than 500 MB of debug information: a workload with many copies of bench/big/pad.rs linked in.
#
#   bench/big/build.sh [MB]      MB of debug information (default 500)
#
# Result: out/bench/big/cpu_hog. What is built already is not built again.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../../scripts/lib.sh"
. "$hud_root/scripts/rust.sh"
case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac

wanted="${1:-500}" tokio=tokio143
out="$hud_root/out/bench/big" program="$hud_root/out/bench/big/cpu_hog"

debug_mb() { size -A -d "$1" | awk '/^\.debug_/ {n += $2} END {printf "%d\n", n / 1e6}'; }

fresh() {
  [ -e "$program" ] && [ -z "$(find "$here" "$hud_root"/tests/workloads/src -type f -newer "$program" -print -quit)" ] &&
    [ "$(debug_mb "$program")" -ge "$wanted" ]
}

# Runs inside an `if`, where bash does not stop at a command that fails: so each one says `|| return 1`.
compile_padding() {
  cd "$out" || return 1
  [ ! "$out/pad/pad.o" -nt "$here/pad.rs" ] || return 0
  rm -rf pad && mkdir pad && cd pad || return 1
  rustc --edition 2021 --crate-type rlib --crate-name pad -O -g -C codegen-units=16 -o libpad.rlib "$here/pad.rs" || return 1
  ar x libpad.rlib && ld -r -o pad.o ./*.rcgu.o && rm -f libpad.rlib lib.rmeta ./*.rcgu.o
}

copies() {
  local count="$1" number digits
  # what a copy defines gets a name of its own: two digits of the hash change, so that it is a Rust name all the same
  readelf -sW "$out/pad/pad.o" | awk '$5 == "GLOBAL" && $7 != "UND" {print $8}' >"$out/pad/defined"
  for ((number = 0; number < count; number++)); do
    digits="$(printf '%02x' "$number")"
    [ -e "$out/pad/copy-$digits.o" ] && continue
    sed -E "s/^(.*)17h..([0-9a-f]{14}E.*)\$/& \\117h$digits\\2/; t; s/.*/& &.copy$digits/" "$out/pad/defined" >"$out/pad/names"
    objcopy --redefine-syms="$out/pad/names" "$out/pad/pad.o" "$out/pad/copy-$digits.o" || return 1
  done
}

link() {
  local flags=(-C link-arg=-Wl,--no-gc-sections)
  for copy in "$out"/pad/copy-*.o; do flags+=(-C "link-arg=$copy"); done
  # without debug information of its own cargo would have that of the copies stripped
  CARGO_PROFILE_RELEASE_DEBUG=2 CARGO_PROFILE_RELEASE_STRIP=none cargo_with "$hud_root/tests/workloads" "$tokio" target-big "" rustc --release --bin cpu_hog -- "${flags[@]}" || return 1
  cp "$hud_root/out/build/workloads/$tokio/target-big/release/cpu_hog" "$program.new" && touch "$program.new" && mv -f "$program.new" "$program"
}

make_big() {
  local one count
  compile_padding || return 1
  one="$(debug_mb "$out/pad/pad.o")"
  # linking drops relocations and merges equal strings: a copy gives about two thirds of what its object has
  count=$((wanted * 3 / 2 / one + 1))
  while copies "$count" && link; do
    [ "$(debug_mb "$program")" -lt "$wanted" ] || return 0
    count=$((count + count / 4 + 1))
    [ "$count" -lt 200 ] || return 1
  done
  return 1
}

fresh && exit 0
rust_ready "$tokio"
mkdir -p "$out"
run_logged "$hud_root/out/logs/bench-big.log" "a program with $wanted MB of debug information" make_big ||
  fail "the large program could not be built" "the whole log is out/logs/bench-big.log"
say "out/bench/big/cpu_hog has $(debug_mb "$program") MB of debug information"
