#!/usr/bin/env bash
# Runs Hud on programs that block, on another kernel, in a virtual machine; what each gave goes to OUT_DIR.
#
#   tests/kernels/run.sh KERNEL OUT_DIR
#
#   KERNEL   a kernel image, or the name of a Debian suite that scripts/kernels.sh has fetched (bookworm, trixie)
#
# OUT_DIR gets console.log, and of each program its report (cpu_hog.json) and what was said (cpu_hog.err). The machine has
# no disk and no network, and is emulated, so that this works inside a virtual machine too: it takes about a minute.
# HUD_KERNEL_TIMEOUT is how many seconds it may take (default 600).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
. scripts/lib.sh
case "${1:-}" in ''|-h|--help) usage_of "$0"; exit 0 ;; esac
kernel="$1" out="$2"
[ -e "$kernel" ] || kernel="$hud_cache/kernels/$1/vmlinuz"
[ -s "$kernel" ] || fail "no kernel '$1'" "scripts/kernels.sh $1"
[ "$(uname -m)" = x86_64 ] || fail "this script knows machines of x86-64 only"
mkdir -p "$out"

programs=out/workloads/tokio143-release
python3 "$here/initrd.py" "$out/initrd.gz" "$here/init:/init" out/hud:/hud out/hud-agent:/hud-agent "$programs/cpu_hog:/w/cpu_hog" "$programs/sleep:/w/sleep" \
  --library libssl.so.3 --library libcrypto.so.3 --library libbpf.so.1 --library libdw.so.1
# One thread for both CPUs: with two, the emulator at times goes on with what it translated before another CPU patched the code, and the
# kernel then takes the same breakpoint again and again, for ever (seen with the static branches that Linux patches).
# no_timer_check: on a busy machine the kernel counts too few ticks at its start, and looks for another timer for ever.
timeout "${HUD_KERNEL_TIMEOUT:-600}" qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m 2G -kernel "$kernel" -initrd "$out/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 clearcpuid=cx16 no_timer_check" -nodefaults -display none -no-reboot -serial stdio </dev/null >"$out/console.log" 2>&1 || fail "the machine did not end by itself" "see $out/console.log"
rm "$out/initrd.gz"
# "<<NAME CODE", base64 of a packed file, ">>"
tr -d '\r' <"$out/console.log" | awk -v out="$out" '
  /^<</ { name = substr($1, 3); print $2 > (out "/" name ".code"); packed = out "/" name ".packed"; next }
  /^>>/ { close(packed); packed = ""; next }
  packed { print > packed }'
for packed in "$out"/*.packed; do base64 -d "$packed" | gunzip >"${packed%.packed}"; rm "$packed"; done
