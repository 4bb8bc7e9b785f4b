#!/usr/bin/env bash
# Fetches Debian's Prometheus and Alertmanager, for the tests in which they call the operator.
#
#   scripts/prometheus.sh
#
# Downloaded and unpacked, never installed: a package would start its service.
# Result: $HUD_CACHE/prometheus/prometheus, promtool, prometheus-alertmanager and amtool
set -euo pipefail
. "$(dirname "$0")/lib.sh"

case "${1:-}" in -h|--help) usage_of "$0"; exit 0 ;; esac
target="$hud_cache/prometheus"
mkdir -p "$target"
exec {lock}>"$target/lock" && flock "$lock"   # two installs that start together fetch once
[ ! -s "$target/email.tmpl" ] || [ ! -x "$target/amtool" ] || exit 0
have apt-get || fail "Prometheus is not here" "put prometheus, promtool, prometheus-alertmanager and amtool into $target; this script knows Debian only"
say "Debian's Prometheus and Alertmanager"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
fetch() { (cd "$work" && apt-get download -q prometheus prometheus-alertmanager) >"$work/log" 2>&1 </dev/null; }
fetch || { apt-get update -q >/dev/null 2>&1 </dev/null || true; fetch; } ||
  { tail -n 5 "$work/log" >&2; fail "prometheus and prometheus-alertmanager could not be downloaded" "check apt's sources"; }
for package in "$work"/*.deb; do dpkg -x "$package" "$work/unpacked"; done
# Debian's Alertmanager reads its templates from where the package puts them; this one reads them from the folder that it is started in, by a path of
# the same length.
there=/usr/share/prometheus/alertmanager
here="$(printf '.%*s' $((${#there} - 1)) '' | tr ' ' /)"
mv "$work/unpacked$there"/*.tmpl "$target/"
sed -i "s#$there#$here#g" "$work/unpacked/usr/bin/prometheus-alertmanager"
for program in prometheus promtool prometheus-alertmanager amtool; do
  mv "$work/unpacked/usr/bin/$program" "$target/$program"   # amtool last: it says that all are there
done
