#!/usr/bin/env bash
# Shows Hud at work: builds everything, starts a small web shop that makes the usual mistakes, puts it under load
# and lets Hud find out what blocks its workers.
#
#   sudo ./demo.sh [--seconds N] [--fixed] [--tokio VARIANT]
#
#   --seconds N   how long Hud looks (default 15)
#   --fixed       the same shop with the mistakes mended
#   --tokio V     tokio124, tokio143 (default) or tokio-new
#
# The shop is a stock release build: no frame pointers, no debug information, nothing of Hud in it. All traffic stays
# on loopback, and everything that was started is ended.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

seconds=15 fixed=0 tokio=tokio143
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --seconds) seconds="${2:-}"; shift ;;
    --fixed) fixed=1 ;;
    --tokio) tokio="${2:-}"; shift ;;
    *) fail "unknown argument '$1'" "./demo.sh --help" ;;
  esac
  shift
done
[[ "$seconds" =~ ^[1-9][0-9]{0,2}$ ]] || fail "--seconds takes 1 to 999 and got '$seconds'"
[ "$(id -u)" = 0 ] || fail "watching another process from the kernel needs root" "sudo ./demo.sh"

say "1/4 packages, from Debian"
scripts/install.sh build rust
say "2/4 Hud itself"
./build.sh --no-install
say "3/4 the shop, as cargo builds any release"
examples/demo-service/build.sh "$tokio"

work="$(mktemp -d)" service='' load=''
clean_up() {
  for pid in $load $service; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# A mount namespace in which /etc/resolv.conf names the load program, which plays a slow name server. Where that is
# not allowed the shop runs as it is, and one of its mistakes does not show.
echo 'nameserver 127.53.53.53' >"$work/resolv.conf"
own_namespace=(unshare --mount sh -c 'mount --bind "$0" /etc/resolv.conf; exec "$@"' "$work/resolv.conf")
"${own_namespace[@]}" true 2>/dev/null || { own_namespace=(); say "no mount namespace here: DNS will not be slow"; }

say "4/4 the shop under load, with Hud on it for $seconds s"
DEMO_FIXED="$fixed" "${own_namespace[@]}" out/demo/demo-service 0 >"$work/service.log" 2>&1 &
service=$!
for _ in $(seq 50); do
  port="$(sed -n 's/.*listens on 127\.0\.0\.1://p' "$work/service.log")"
  [ -z "$port" ] || break
  kill -0 "$service" 2>/dev/null || { cat "$work/service.log" >&2; fail "the shop did not start"; }
  sleep 0.1
done
[ -n "$port" ] || fail "the shop did not say its port within 5 s"
out/demo/demo-load "$port" $((seconds + 5)) >"$work/load.log" 2>&1 &
load=$!
sleep 1

code=0
out/hud --pid "$service" --duration "${seconds}s" || code=$?
wait "$load" || true; load=''
echo
say "what the shop's clients saw: $(cat "$work/load.log")"
if [ "$fixed" = 0 ]; then say "the same with the mistakes mended: sudo ./demo.sh --fixed"; fi
exit "$code"
