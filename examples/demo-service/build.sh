#!/usr/bin/env bash
# Builds the demo service and its load program into out/demo/PROFILE.
#
#   examples/demo-service/build.sh [TOKIO [PROFILE]]
#
#   TOKIO      tokio124, tokio143 (default) or tokio-new
#   PROFILE    release (default): as cargo makes it, no frame pointers, no debug information
#              lines: with line tables
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/../../scripts/lib.sh"
. "$hud_root/scripts/rust.sh"

case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
tokio="${1:-tokio143}" profile="${2:-release}"
case "$profile" in release|lines) ;; *) fail "no profile '$profile'" "release or lines" ;; esac
rust_ready "$tokio"
folder="$hud_root/out/demo/$profile"
mkdir -p "$folder"
run_logged "$hud_root/out/logs/demo.log" "demo service with $tokio, $profile" cargo_with "$here" "$tokio" target "" build --profile "$profile" ||
  fail "the demo service could not be built" "the whole log is out/logs/demo.log"
for binary in demo-service demo-load; do
  built="$hud_root/out/build/demo-service/$tokio/target/$profile/$binary" copy="$folder/$binary"
  # Replaced under a new inode, and only when it differs: an old one may be running.
  cmp -s "$built" "$copy" || { cp "$built" "$copy.new" && mv -f "$copy.new" "$copy"; }
done
