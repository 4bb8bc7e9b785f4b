#!/usr/bin/env bash
# Measures Hud on a real one-node Kubernetes of its own and rewrites the section "On Kubernetes" of docs/performance.md.
#
#   sudo bench/cluster.sh [--sessions N] [--soak N] [--print]
#
#   --sessions N   sessions whose waits are measured, one after the other (default 20)
#   --soak N       sessions over which the operator's memory is watched (default 200)
#   --print        to the terminal only
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

sessions=20 soak=200 print=
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --sessions) sessions="${2:-}"; shift ;;
    --soak) soak="${2:-}"; shift ;;
    --print) print=1 ;;
    *) fail "unknown argument '$1'" "bench/cluster.sh --help" ;;
  esac
  shift
done

scripts/install.sh build rust crates cluster
./build.sh --no-install
if why="$(tests/cluster/check.sh)"; then :; else fail "$why"; fi
dotnet build bench/Hud.Bench -c Release -v q --nologo >/dev/null
bench="$PWD/artifacts/bin/Hud.Bench/release/Hud.Bench"

work="$(mktemp -d "${TMPDIR:-/tmp}/hud-bench.XXXXXX")"
trap 'tests/cluster/down.sh "$work"; rm -rf "$work.images" "$work.txt"' EXIT
trap 'exit 130' INT TERM
tools="$(tests/cluster/tools.sh)"
tests/cluster/up.sh "$work" "$$" >&2
tests/cluster/images.sh "$work.images" hud-operator hud-agent test-agent workloads
tests/cluster/load-image.sh "$work" "$work.images"/*.tar
export KUBECONFIG="$work/admin.kubeconfig" PATH="$tools:$PATH"
kubectl apply --validate=false -k config/crd >&2
helm upgrade --install hud charts/hud -n hud-system --create-namespace --skip-crds \
  --set image.repository=localhost/hud-operator,image.tag=test,agent.image.repository=localhost/hud-agent,agent.image.tag=test >&2
kubectl run target --image=localhost/workloads:test --image-pull-policy=Never --command -- /cpu_hog --seconds 3600 >&2
kubectl wait --for=condition=Ready --timeout=120s pod/target >&2
kubectl -n hud-system rollout status deployment/hud-operator --timeout=120s >&2

# The operator's process on this machine: the one in the container of its pod.
operator_pid() {
  local id
  id="$(kubectl -n hud-system get pods -l app.kubernetes.io/component=operator -o 'jsonpath={.items[0].status.containerStatuses[0].containerID}')"
  for process in /proc/[0-9]*; do
    if grep -q "${id#*://}" "$process/cgroup" 2>/dev/null; then basename "$process"; return; fi
  done
  fail "the operator's process was not found"
}

report() {
  cat <<MD
## On Kubernetes

\`bench/cluster.sh\`, on a one-node Kubernetes of $(kubectl version -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["serverVersion"]["gitVersion"])') with $(nproc) CPUs that the control plane, the target and the agents share. The image is
present on the node; each session takes five seconds.

$("$bench" cluster "$KUBECONFIG" default target "$sessions")

The operator's memory while $soak sessions ran, up to ten at a time, with agents that only play a run:

MD
  kubectl -n hud-system set env deployment/hud-operator HUD_AGENT_IMAGE=localhost/test-agent:test >&2
  kubectl -n hud-system rollout status deployment/hud-operator --timeout=120s >&2
  kubectl -n hud-system wait --for=delete --timeout=60s pod -l app.kubernetes.io/component=operator,pod-template-hash!="$(kubectl -n hud-system get rs -o 'jsonpath={.items[?(@.spec.replicas==1)].metadata.labels.pod-template-hash}')" >&2 || true
  "$bench" operator "$KUBECONFIG" default target "$soak" "$(operator_pid)"
}

report >"$work.txt"
if [ -n "$print" ]; then cat "$work.txt"; exit; fi
sed -i '/^## On Kubernetes/,$d' docs/performance.md
cat "$work.txt" >>docs/performance.md
say "docs/performance.md has a new section On Kubernetes"
