#!/usr/bin/env bash
# restart.sh WORK_DIR NAME [SECONDS]: kills one part of the cluster of up.sh (kubelet, containerd, etcd, kcm, scheduler), as a crash does,
# and starts it again as it was, after SECONDS without it.
set -euo pipefail
cd "$1"
name=$2
pid=$(cat "$name.pid")
mapfile -d '' -t command < "/proc/$pid/cmdline"
[[ $(readlink "/proc/$pid/cwd") == "$PWD" && ${#command[@]} -gt 0 ]] || { echo "restart: $name does not run here" >&2; exit 1; }
# back into the mounts that the kubelet and containerd share
case $name in kubelet | containerd)
  command=(nsenter "--mount=/proc/$(cat mounts.pid)/ns/mnt" bash -c 'cd "$0" && exec "$@"' "$PWD" "${command[@]}") ;;
esac
kill -KILL "$pid"
while [[ -d /proc/$pid ]]; do sleep 0.1; done
sleep "${3:-0}"
if [[ $name == etcd ]]; then
  exec 8> "/tmp/hud-cluster-slot$(cat slot).lock" # as in up.sh: etcd holds the slot for as long as the cluster lives
  flock 8
  setsid "${command[@]}" >> "log/$name.log" 2>&1 < /dev/null &
else
  setsid "${command[@]}" >> "log/$name.log" 2>&1 < /dev/null 8>&- &
fi
echo $! > "$name.pid"
