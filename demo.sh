#!/usr/bin/env bash
# Shows Hud at work: builds everything, starts a small web shop that makes the usual mistakes, puts it under load
# and lets Hud find out what blocks its workers. The report stays behind, as a page for the browser and as JSON.
#
#   sudo ./demo.sh [--seconds N] [--fixed | --compare] [--lines] [--tokio VARIANT] [--into FOLDER] [--no-build]
#   sudo ./demo.sh --cluster [--seconds N] [--fixed] [--keep]
#
#   --seconds N   how long Hud looks (default 15)
#   --fixed       the same shop with the mistakes fixed
#   --compare     one after the other, and then what `hud diff` says; its exit code is the demo's
#   --lines       build the shop with line tables, so that the report names files and lines
#   --tokio V     tokio124, tokio143 (default) or tokio-new
#   --into F      where mistakes.html and mistakes.json (or fixed.*) are left (default out/demo)
#   --no-build    with what an earlier run has built
#   --cluster     the same as pods of a real one-node Kubernetes, with the operator; --keep leaves it running
#
# On a terminal the cockpit runs while Hud looks; ? shows its keys. Without --lines the shop is a stock release build: no
# frame pointers, no debug information, nothing of Hud in it. All traffic stays on loopback, and everything that was started
# is ended.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

case " $* " in *' --cluster '*)
  arguments=(); for argument in "$@"; do [ "$argument" = --cluster ] || arguments+=("$argument"); done
  exec scripts/demo-cluster.sh "${arguments[@]}" ;;
esac

seconds=15 runs=(mistakes) profile=release tokio=tokio143 into=out/demo build=1
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --seconds) seconds="${2:-}"; shift ;;
    --fixed) runs=(fixed) ;;
    --compare) runs=(mistakes fixed) ;;
    --lines) profile=lines ;;
    --tokio) tokio="${2:-}"; shift ;;
    --into) into="${2:-}"; shift ;;
    --no-build) build= ;;
    *) fail "unknown argument '$1'" "./demo.sh --help" ;;
  esac
  shift
done
[[ "$seconds" =~ ^[1-9][0-9]{0,2}$ ]] || fail "--seconds takes 1 to 999 and got '$seconds'"
[ "$(id -u)" = 0 ] || fail "watching another process from the kernel needs root" "sudo ./demo.sh"
[ -z "$build" ] || {
  say "packages, from Debian"
  scripts/install.sh build rust
  say "Hud itself"
  ./build.sh --no-install
  say "the shop, as cargo builds it"
  examples/demo-service/build.sh "$tokio" "$profile"
}
mkdir -p "$into" || fail "there can be no folder $into" "name another with --into"

work="$(mktemp -d)" service='' load=''
stop_all() {
  for pid in $load $service; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  service='' load=''
}
trap 'stop_all; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# A mount namespace in which /etc/resolv.conf names the load program, which plays a slow name server. Where that is
# not allowed the shop runs as it is, and one of its mistakes does not show.
echo 'nameserver 127.53.53.53' >"$work/resolv.conf"
own_namespace=(unshare --mount sh -c 'mount --bind "$0" /etc/resolv.conf; exec "$@"' "$work/resolv.conf")
"${own_namespace[@]}" true 2>/dev/null || { own_namespace=(); say "no mount namespace here: DNS will not be slow"; }

# start_shop RUN: the shop with its load. Leaves service and load.
start_shop() {
  local port='' fixed=0
  [ "$1" != fixed ] || fixed=1
  DEMO_FIXED="$fixed" "${own_namespace[@]}" out/demo/$profile/demo-service 0 >"$work/service.log" 2>&1 &
  service=$!
  for _ in $(seq 50); do
    port="$(sed -n 's/.*listens on 127\.0\.0\.1://p' "$work/service.log")"
    [ -z "$port" ] || break
    kill -0 "$service" 2>/dev/null || { cat "$work/service.log" >&2; fail "the shop did not start"; }
    sleep 0.1
  done
  [ -n "$port" ] || fail "the shop did not say its port within 5 s"
  out/demo/$profile/demo-load "$port" $((seconds + 5)) >"$work/load.log" 2>&1 &
  load=$!
  sleep 1
}

code=0
for run in "${runs[@]}"; do
  say "the shop ($run) under load, with Hud on it for $seconds s"
  start_shop "$run"
  out/hud --pid "$service" --duration "${seconds}s" --export "$into/$run.html" --export "$into/$run.json" || code=$?
  wait "$load" || true; load=''
  say "what the clients of the shop ($run) saw: $(cat "$work/load.log")"
  stop_all
  [ "$code" = 0 ] || exit "$code"
done

echo
if [ ${#runs[@]} = 2 ]; then
  say "hud diff $into/mistakes.json $into/fixed.json"
  out/hud diff "$into/mistakes.json" "$into/fixed.json" || code=$?
elif [ "${runs[0]}" = mistakes ]; then
  say "with the mistakes fixed, and compared: sudo ./demo.sh --compare"
fi
for run in "${runs[@]}"; do say "the page: file://$(realpath "$into/$run.html")"; done
exit "$code"
