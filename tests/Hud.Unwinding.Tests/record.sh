#!/usr/bin/env bash
# Records the stacks in recorded/ anew: builds the programs, stops them in gdb, keeps at most 60 states of each.
# Needs gcc, rustc, cargo, gdb and, for the aarch64 ones, what `scripts/install.sh arm` installs.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../../.."
mkdir -p "$here/recorded"
dotnet build tests/Hud.Unwinding.Tests -c Release --nologo -v quiet
HUD_RECORD_STACKS="$here/recorded" artifacts/bin/Hud.Unwinding.Tests/release/Hud.Unwinding.Tests \
  -method 'Hud.Unwinding.Tests.GdbTests.Frames_are_those_that_gdb_sees' -diagnostics
ls -l "$here/recorded"
