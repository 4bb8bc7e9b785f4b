#!/usr/bin/env bash
# Builds the demo service and its load program into out/demo, as any release build: no frame pointers, no debug
# information.
#
#   examples/demo-service/build.sh [TOKIO]       tokio124, tokio143 (default) or tokio-new
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../../scripts/lib.sh"
. "$hud_root/scripts/rust.sh"

case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
tokio="${1:-tokio143}"
rust_ready "$tokio"
mkdir -p "$hud_root/out/demo"
run_logged "$hud_root/out/logs/demo.log" "demo service with $tokio" cargo_with "$here" "$tokio" target "" build --release ||
  fail "the demo service could not be built" "the whole log is out/logs/demo.log"
for binary in demo-service demo-load; do
  built="$hud_root/out/build/demo-service/$tokio/target/release/$binary" copy="$hud_root/out/demo/$binary"
  # Replaced under a new inode, and only when it differs: an old one may be running.
  cmp -s "$built" "$copy" || { cp "$built" "$copy.new" && mv -f "$copy.new" "$copy"; }
done
