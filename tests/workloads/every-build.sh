#!/usr/bin/env bash
# Runs the workloads of the blocking pool, one of each cause, and all that a task may wait behind, in every build that people deliver and with every Tokio.
#
#   tests/workloads/every-build.sh [RUNS]      default: 10 of each
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh
case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; *[!0-9]*|0) fail "'$1' is not a number of runs" "tests/workloads/every-build.sh 10" ;; esac
programs=block_in_place,spawn_blocking,pool_mix,cpu_hog,sleep,mutex,behind
sets=()
for tokio in tokio124 tokio143 tokio-new; do
  for profile in release lines stripped lto-abort lto-stripped abort opt1 optz; do sets+=("$tokio-$profile:$programs"); done
done
./build.sh hud hud-agent
tests/workloads/build.sh "${sets[@]}" tokio143-release:burner
dotnet build tests/Hud.WorkloadTests -c Release -v quiet
HUD_TESTED="$PWD/out/hud" HUD_AGENT="$PWD/out/hud-agent" HUD_RUNS="${1:-10}" \
  artifacts/bin/Hud.WorkloadTests/release/Hud.WorkloadTests -noLogo -noColor -explicit only -class '*.EveryBuildTests'
