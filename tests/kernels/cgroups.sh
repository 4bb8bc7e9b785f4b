#!/usr/bin/env bash
# Records what a node with cgroup v2 below systemd shows of its containers: to itself, and to an agent that sees the node's processes
# from a cgroup namespace of its own. The test data of Hud.NodeAgent.Tests (Recordings/cgroups) come from it.
#
#   tests/kernels/cgroups.sh OUT_DIR [KERNEL]
#
#   KERNEL   a kernel image, or the name of a Debian suite that scripts/kernels.sh has fetched (default bookworm)
#
# An emulated machine boots Debian's systemd, and runc makes the groups: real ones, through systemd or by itself, at the paths that each
# container runtime passes to runc. Where Kubernetes has been built (tests/cluster/build-kubernetes.sh), a kubelet and containerd make some
# as well. OUT_DIR gets console.log and LAYOUT.txt of each. A few minutes; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh
. scripts/suites.sh
case "${1:-}" in ''|-h|--help) usage_of "$0"; exit 0 ;; esac
kernel="${2:-bookworm}" out="$1"
[ -e "$kernel" ] || kernel="$hud_cache/kernels/$kernel/vmlinuz"
[ -s "$kernel" ] || fail "no kernel '$kernel'" "scripts/kernels.sh bookworm"
have qemu-system-x86_64 && have busybox || fail "qemu-system-x86_64 or busybox is missing" "scripts/install.sh kernels"
mkdir -p "$out"

open_suite bookworm
root="$apt/root"
trap 'rm -rf "$apt"' EXIT
kubelet=$(compgen -G "$hud_cache/kubernetes/*/kubelet" | tail -n 1 || true)
wanted=(systemd runc)
[ -z "$kubelet" ] || wanted+=(containerd)
mapfile -t packages < <(private_apt apt-get install -s -q --no-install-recommends "${wanted[@]}" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p')
(cd "$apt/debs" && private_apt apt-get download -q "${packages[@]}") >"$apt/download.log" 2>&1 ||
  { tail -n 5 "$apt/download.log" >&2; fail "systemd and runc could not be downloaded"; }
mkdir "$root"
for deb in "$apt"/debs/*.deb; do
  case "${deb##*/}" in perl*|gcc*|tzdata*|debconf*) ;; *) dpkg -x "$deb" "$root" ;; esac
done
rm -rf "$root"/usr/share/{doc,man,locale,zoneinfo} "$root/usr/lib/udev/hwdb.d"
mkdir -p "$root"/{proc,sys,dev,run,tmp} "$root/etc/systemd/system"
cp "$(command -v busybox)" "$root/bin/busybox"
for name in $(busybox --list); do
  [ -e "$root/bin/$name" ] || [ -e "$root/sbin/$name" ] || [ -e "$root/usr/bin/$name" ] || ln -s /bin/busybox "$root/usr/bin/$name"
done
ln -sf busybox "$root/bin/sh"
# a machine id, so that nothing asks for one
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$root/etc/group"
printf '%032d\n' 1 >"$root/etc/machine-id"
ln -sfn lib/systemd/systemd "$root/init"
rm -f "$root/etc/initrd-release"
cp tests/kernels/cgroups/record.sh "$root/record.sh"
cp tests/kernels/cgroups/record.service "$root/etc/systemd/system/"
if [ -n "$kubelet" ]; then
  cp tests/kernels/cgroups/kubelet.sh "$root/kubelet.sh"
  cp "$kubelet" "$root/usr/bin/kubelet"
  mkdir "$root/images"
  printf '#include <unistd.h>\nint main() { for (;;) pause(); }\n' | gcc -static -O2 -x c - -o "$apt/pause"
  python3 tests/cluster/image.py localhost/pause:1 "$root/images/pause.tar" --entrypoint /pause "$apt/pause:/pause"
  python3 tests/cluster/image.py localhost/busybox:1 "$root/images/busybox.tar" --entrypoint /bin/busybox "$(command -v busybox):/bin/busybox"
fi
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$apt/initrd.cpio"

timeout "${HUD_KERNEL_TIMEOUT:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3G -kernel "$kernel" -initrd "$apt/initrd.cpio" \
  -append "console=ttyS0 panic=-1 clearcpuid=cx16 no_timer_check systemd.unified_cgroup_hierarchy=1 systemd.unit=record.service systemd.show_status=0 quiet rdinit=/init" \
  -nodefaults -display none -no-reboot -serial stdio </dev/null >"$out/console.log" 2>&1 || fail "the machine did not end by itself" "see $out/console.log"
# "@@ LAYOUT", its sections, "@@ end"; what the kernel and runc say in between begins with a time
tr -d '\r' <"$out/console.log" | awk -v out="$out" '
  /^@@ end/ { file = ""; next }
  /^@@ / { file = out "/" $2 ".txt"; next }
  /^\[ *[0-9]+\.[0-9]+\]/ || /^time="/ { next }
  file { print > file }'
