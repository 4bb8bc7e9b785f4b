#!/usr/bin/env bash
# Remakes the pictures of docs/images from real runs: the demo's shop under load, the cockpit in a real terminal (also as a
# moving picture), the page and the comparison with the repaired shop in Chromium.
#
#   sudo docs/pictures.sh [--no-build]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

case "${1:-}" in
  -h|--help) usage_of "$0"; exit 0 ;;
  --no-build) ;;
  '') scripts/install.sh build rust test browser; ./build.sh --no-install; examples/demo-service/build.sh tokio143 lines
    dotnet build bench/Hud.Bench -c Release -v q --nologo >/dev/null ;;
  *) fail "unknown argument '$1'" "docs/pictures.sh --help" ;;
esac
[ "$(id -u)" = 0 ] || fail "watching another process from the kernel needs root" "sudo docs/pictures.sh"

bench=artifacts/bin/Hud.Bench/release/Hud.Bench
work="$(mktemp -d)" socket="hud-pictures-$$"
in_tmux() { tmux -L "$socket" "$@"; }
trap 'in_tmux kill-server 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# see TEXT: waits until it stands on the terminal.
see() {
  for _ in $(seq 900); do in_tmux capture-pane -p | grep -qF -- "$1" && return; sleep 0.1; done
  in_tmux capture-pane -p >&2; fail "\"$1\" never stood on the terminal"
}
shoot() { sleep 1; in_tmux capture-pane -p -e >"$work/$1.ansi"; }
key() { in_tmux send-keys "$@"; }

# film FRAMES MILLISECONDS: as many screens of the moving picture, each shown that long.
filmed=0
film() {
  for _ in $(seq "$1"); do
    filmed=$((filmed + 1))
    in_tmux capture-pane -p -e >"$work/film/$(printf '%03d' $filmed)-$2.ansi"
    sleep 1
  done
}

say "the demo in a terminal of 112x36"
env -u NO_COLOR COLORTERM=truecolor TERM=xterm-256color LANG=C.UTF-8 tmux -L "$socket" -f /dev/null new-session -d -x 112 -y 36 \
  "./demo.sh --no-build --lines --seconds 45 --into '$work'; exec sleep 300"
in_tmux set-option -g status off
in_tmux set-option -ga terminal-features ',*:RGB'
in_tmux resize-window -x 112 -y 36
mkdir -p "$work/film"
see 'HOTSPOTS'
film 8 900
for _ in $(seq 400); do in_tmux capture-pane -p | grep -qE ' (2[5-9]|3[0-9])s ' && break; sleep 0.1; done
shoot cockpit
key Down; film 2 1000
key Enter; see 'stack, leaf first'; shoot cockpit-details; film 2 2200
key Escape; key 3; see TIMELINE; shoot cockpit-timeline; film 3 1000
key 1; film 2 1500
for _ in $(seq 900); do [ ! -s "$work/mistakes.html" ] || break; sleep 0.1; done
[ -s "$work/mistakes.html" ] || { in_tmux capture-pane -p >&2; fail "the demo wrote no page"; }

say "the repaired shop, for the comparison"
./demo.sh --no-build --lines --fixed --seconds 15 --into "$work" >"$work/fixed.log" 2>&1 || { cat "$work/fixed.log" >&2; fail "the repaired shop has no report"; }
# exit code 6 says "worse", which is an answer too
out/hud diff "$work/mistakes.json" "$work/fixed.json" -o page >"$work/compare.html" || [ $? = 6 ]

say "pictures"
mkdir -p docs/images
"$bench" pictures "$work" docs/images
"$bench" recording "$work/film" docs/images/cockpit.svg
ls -l docs/images >&2
