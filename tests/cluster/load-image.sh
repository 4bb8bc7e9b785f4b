#!/usr/bin/env bash
# load-image.sh WORK_DIR IMAGE.tar...: puts images into the node that up.sh started.
set -euo pipefail
work=$(cd "$1" && pwd)
shift
for tar in "$@"; do ctr -a "$work/containerd.sock" -n k8s.io images import "$tar" > /dev/null; done
