#!/usr/bin/env bash
# down.sh WORK_DIR: stops what up.sh started there, by pid, waits for it, and removes the rest: shims, containers, cgroups, interfaces, mounts
# and the folder.
work=$(cd "$1" 2> /dev/null && pwd) || exit 0
cd "$work" || exit 1

stop() { # name seconds
  local pid
  [[ -f $1.pid ]] || return 0
  pid=$(cat "$1.pid")
  # a pid file that outlived its process must not end a stranger: ours has the folder in its command line or working directory
  if [[ $(readlink "/proc/$pid/cwd" 2> /dev/null) == "$work" ]]; then
    kill "$pid" 2> /dev/null
    for ((i = 0; i < $2 * 10; i++)); do kill -0 "$pid" 2> /dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2> /dev/null
  fi
  rm -f "$1.pid"
}

# Those that name our socket: a shim whose containerd is gone lingers, and its containers with it.
shims() {
  local file
  for file in $(grep -lsaF -- "$work/containerd.sock" /proc/[0-9]*/cmdline); do
    file=${file%/cmdline}
    [[ $(cat "$file/comm" 2> /dev/null) == containerd-shim* ]] && echo "${file#/proc/}"
  done
}
below() { # pid: its descendants
  local child
  for child in $(cat "/proc/$1/task/"*/children 2> /dev/null); do echo "$child"; below "$child"; done
}

ctr() { timeout 20 /usr/bin/ctr -a "$work/containerd.sock" -n k8s.io "$@" 2> /dev/null; }
[[ -f watch.pid && $(cat watch.pid) != "$$" ]] && stop watch 1
stop kubelet 10
containers=$(ls containerd/state/io.containerd.runtime.v2.task/k8s.io 2> /dev/null)
for t in $(ctr tasks ls -q); do ctr tasks rm -f "$t" > /dev/null; done
# tasks first, containerd second: it ends the shims of the tasks that it removes
stop scheduler 5
stop kcm 5
stop apiserver 15
stop containerd 10
stop etcd 5
for shim in $(shims); do kill -9 "$shim" $(below "$shim") 2> /dev/null; done
for id in $containers; do
  for cgroup in $(find /sys/fs/cgroup -maxdepth 4 -type d -name "$id" 2> /dev/null); do
    kill -9 $(cat "$cgroup/cgroup.procs") 2> /dev/null
    for ((i = 0; i < 20; i++)); do rmdir "$cgroup" 2> /dev/null || [[ ! -d $cgroup ]] && break; sleep 0.1; done
  done
done
stop mounts 1
for _ in 1 2 3; do # of a cluster that an earlier version started in the machine's own mount namespace
  mounts=$(awk -v w="$work/" 'index($2, w) == 1 {print $2}' /proc/mounts | sort -r)
  [[ -z $mounts ]] && break
  while read -r m; do umount -l "$m" 2> /dev/null; done <<< "$mounts"
done
if [[ -f slot ]]; then
  bridge=hud-test$(cat slot)
  for port in $(ls "/sys/class/net/$bridge/brif" 2> /dev/null); do ip link del "$port" 2> /dev/null; done
  ip link del "$bridge" 2> /dev/null
fi
[[ ${HUD_KEEP:-} == 1 ]] || rm -rf "$work"
true
