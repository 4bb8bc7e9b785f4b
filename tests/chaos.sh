#!/usr/bin/env bash
# Faults by chance over many sessions, on a cluster of its own: agents, helpers, operator, API server, etcd, kubelet and containerd are
# killed; targets fork, execute themselves anew, are stopped, killed or run out of memory; files are hostile, the disk is full, the
# clock jumps. Afterwards every session must have ended, no target may be harmed, and nothing may be attached.
#
#   tests/chaos.sh [SECONDS [SEED]]     default 480, at most 600; SEED repeats the choices of a run, which prints it
#
# Needs root and a machine of one's own: it sets the clock (and sets it back).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
seconds="${1:-480}"
case "$seconds" in ''|*[!0-9]*) fail "'$seconds' is not a number of seconds" "tests/chaos.sh --help" ;; esac
[ "$seconds" -le 600 ] || fail "at most 600 seconds"
export HUD_CHAOS="$seconds" HUD_CHAOS_SEED="${2:-}" HUD_DOCKERFILE="${HUD_DOCKERFILE:-0}"
exec tests/cluster/run.sh -class '*ChaosTests'
