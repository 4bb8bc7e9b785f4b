#!/usr/bin/env bash
# check.sh: says why a one-node Kubernetes cannot run on this machine, and fails; says nothing where it can.
set -uo pipefail
export PATH=$PATH:/usr/sbin:/sbin
no() { echo "$*"; exit 1; }

[[ $(id -u) == 0 ]] || no "a cluster needs root"
missing=()
for program in etcd containerd runc iptables conntrack openssl ip kubectl python3 npm gcc bpftool; do
  command -v "$program" > /dev/null || missing+=("$program")
done
[[ ${#missing[@]} == 0 ]] || no "missing: ${missing[*]}; run scripts/install.sh cluster"
[[ -x $(dirname "$0")/../../out/hud-operator ]] || no "out/hud-operator is missing; run ./build.sh"

# what a container of ours may not do where this machine is itself a container
probe=hudprobe$$
work=$(mktemp -d)
trap 'ip link del "$probe" 2> /dev/null; umount "$work/merged" 2> /dev/null; rm -rf "$work"' EXIT
ip link add "$probe" type bridge 2> /dev/null || no "no bridge can be made here (CAP_NET_ADMIN, or the kernel has none)"
mkdir "$work/lower" "$work/upper" "$work/inner" "$work/merged"
mount -t overlay overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/inner" "$work/merged" 2> /dev/null ||
  no "no overlay can be mounted in ${TMPDIR:-/tmp} (CAP_SYS_ADMIN, or its file system cannot carry one)"
for controller in /sys/fs/cgroup /sys/fs/cgroup/memory; do
  [[ -e $controller/cgroup.procs ]] || continue
  mkdir "$controller/$probe" 2> /dev/null && rmdir "$controller/$probe" && exit 0
done
no "no cgroup can be made below /sys/fs/cgroup"
