#!/usr/bin/env bash
# run.sh [TEST RUNNER ARGUMENTS]: the cluster tests: installs what they need, starts a one-node Kubernetes (built once), installs the
# chart, and runs real sessions on real pods. E.g. `tests/cluster/run.sh -class '*ProfilingTests'`.
#
# HUD_KUBE_BIN         Kubernetes binaries instead of the build
# HUD_E2E_KUBECONFIG   an existing cluster whose nodes have the images of images.sh
# HUD_DOCKERFILE=0     what build.sh left instead of the Dockerfile's images, which take minutes after a change of the sources
# HUD_CLUSTER=FOLDER    starts the cluster there and leaves it running, for the next run (down.sh FOLDER ends it)
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/install.sh build rust crates cluster images
./build.sh --no-install
export MSBUILDDISABLENODEREUSE=1
dotnet build tests/Hud.ClusterTests -c Release -v quiet
exec artifacts/bin/Hud.ClusterTests/release/Hud.ClusterTests -noLogo "$@"
