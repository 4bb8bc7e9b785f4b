#!/usr/bin/env bash
# A policy that watches all the time, on a cluster of its own: a service that is rolled out, scaled and loses pods, and one that crashes again and
# again. Afterwards what the programs noted themselves is compared with what the metrics counted, and the memory of the agent is looked at.
#
#   tests/watch.sh [SECONDS]     default 1800, at most 7200
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
seconds="${1:-1800}"
case "$seconds" in ''|*[!0-9]*) fail "'$seconds' is not a number of seconds" "tests/watch.sh --help" ;; esac
[ "$seconds" -le 7200 ] || fail "at most 7200 seconds"
export HUD_WATCH="$seconds" HUD_DOCKERFILE="${HUD_DOCKERFILE:-0}"
exec tests/cluster/run.sh -class '*LongWatchTests'
