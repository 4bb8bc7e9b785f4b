#!/usr/bin/env bash
# down.sh WORK_DIR: stops what up.sh started there, by pid, waits for it, and removes mounts, the bridge and the folder.
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

ctr() { timeout 20 /usr/bin/ctr -a "$work/containerd.sock" -n k8s.io "$@" 2> /dev/null; }
[[ -f watch.pid && $(cat watch.pid) != "$$" ]] && stop watch 1
stop kubelet 10
for t in $(ctr tasks ls -q); do ctr tasks rm -f "$t" > /dev/null; done
# tasks first, containerd second: a shim whose containerd is gone lingers
stop scheduler 5
stop kcm 5
stop apiserver 15
stop containerd 10
stop etcd 5
for _ in 1 2 3; do
  mounts=$(awk -v w="$work/" 'index($2, w) == 1 {print $2}' /proc/mounts | sort -r)
  [[ -z $mounts ]] && break
  while read -r m; do umount -l "$m" 2> /dev/null; done <<< "$mounts"
done
[[ -f slot ]] && ip link del "hud-test$(cat slot)" 2> /dev/null
[[ ${HUD_KEEP:-} == 1 ]] || rm -rf "$work"
true
