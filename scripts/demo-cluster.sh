#!/usr/bin/env bash
# The demo on a real one-node Kubernetes of its own: starts it, installs the chart, deploys the demo shop with its load, applies a
# ProfilingSession, shows what kubectl says of it, and takes everything down. `./demo.sh --cluster` runs this.
#
#   --seconds N   how long Hud looks (default 15)
#   --fixed       the same shop with the mistakes fixed
#   --keep        leave the cluster running and say how to reach it
#
# The first time, Kubernetes is built from Debian's sources, which takes two CPUs about 7 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

seconds=15 fixed=0 keep=
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --seconds) seconds="${2:-}"; shift ;;
    --fixed) fixed=1 ;;
    --keep) keep=1 ;;
    *) fail "unknown argument '$1'" "./demo.sh --cluster --help" ;;
  esac
  shift
done
[[ "$seconds" =~ ^[1-9][0-9]{0,2}$ ]] || fail "--seconds takes 1 to 999 and got '$seconds'"

say "1/6 packages, from Debian"
scripts/install.sh build rust crates cluster
say "2/6 Hud itself, and the shop"
./build.sh --no-install
examples/demo-service/build.sh
if why="$(tests/cluster/check.sh)"; then :; else fail "$why" "./demo.sh shows Hud without a cluster"; fi

say "3/6 a Kubernetes of one node"
work="$(mktemp -d "${TMPDIR:-/tmp}/hud-demo.XXXXXX")"
clean_up() { [ -n "$keep" ] || { say "taking the cluster down"; tests/cluster/down.sh "$work"; }; rm -rf "$work.images"; }
trap clean_up EXIT
trap 'exit 130' INT TERM
tools="$(tests/cluster/tools.sh)"
owner=("$$"); [ -z "$keep" ] || owner=()
tests/cluster/up.sh "$work" "${owner[@]}" >&2
tests/cluster/images.sh "$work.images" hud-operator hud-agent shop
tests/cluster/load-image.sh "$work" "$work.images"/*.tar
export KUBECONFIG="$work/admin.kubeconfig" PATH="$PWD/out:$tools:$PATH"

# show COMMAND...: as the reader would type it
show() { printf '\n%s$ %s%s\n' "$hud_bold" "$*" "$hud_plain"; "$@"; }

say "4/6 Hud, from its chart"
kubectl apply --validate=false -k config/crd >/dev/null   # servers before 1.25 do not know the rules in it
helm upgrade --install hud charts/hud -n hud-system --create-namespace --skip-crds \
  --set image.repository=localhost/hud-operator,image.tag=test,agent.image.repository=localhost/hud-agent,agent.image.tag=test >/dev/null
kubectl -n hud-system rollout status deployment/hud-operator --timeout=120s >/dev/null

say "5/6 the shop, under load"
kubectl apply -f - >/dev/null <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 0
      # the load plays a slow name server there: one of the shop's mistakes is to ask it while a worker waits
      dnsPolicy: None
      dnsConfig: {nameservers: [127.53.53.53]}
      volumes: [{name: audit, emptyDir: {}}]
      containers:
      - name: shop
        image: localhost/shop:test
        imagePullPolicy: Never
        command: [/demo-service, "8088"]
        env: [{name: DEMO_FIXED, value: "$fixed"}]
        volumeMounts: [{name: audit, mountPath: /var/tmp}]
      - name: load
        image: localhost/shop:test
        imagePullPolicy: Never
        command: [/demo-load, "8088", "600"]
YAML
kubectl rollout status deployment/shop --timeout=120s >/dev/null

say "6/6 what blocks its workers? $seconds s"
cat >"$work/session.yaml" <<YAML
apiVersion: hud.dev/v1alpha1
kind: ProfilingSession
metadata:
  name: shop
spec:
  target:
    workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
    containerName: shop
  duration: ${seconds}s
YAML
cat "$work/session.yaml"
show kubectl apply -f "$work/session.yaml"
code=0
show kubectl wait --for=condition=Complete --timeout=$((seconds + 60))s profilingsession/shop || code=$?
show kubectl describe profilingsession shop
show kubectl get profilingsession,configmap
if [ "$code" = 0 ]; then
  show kubectl hud describe shop
  show kubectl hud open shop --save out/demo/shop.html
fi
if [ -n "$keep" ]; then
  echo >&2; say "the cluster goes on: export KUBECONFIG=$KUBECONFIG; tests/cluster/down.sh $work ends it"
fi
exit "$code"
