#!/usr/bin/env bash
# restart.sh WORK_DIR NAME [SECONDS]: kills one part of the cluster of up.sh (kubelet, containerd, etcd, kcm, scheduler), as a crash does,
# and starts it again as up.sh did, after SECONDS without it. One that has ended by itself is only started.
set -euo pipefail
cd "$1"
name=$2
[[ -s $name.argv ]] || { echo "restart: up.sh started no $name here" >&2; exit 1; }
mapfile -d '' -t command < "$name.argv"
pid=$(cat "$name.pid")
# the number of one that has ended may be another process's by now
if [[ $(readlink "/proc/$pid/cwd" || true) == "$PWD" ]]; then
  kill -KILL "$pid" || true
  while [[ -d /proc/$pid ]]; do sleep 0.1; done
fi
sleep "${3:-0}"
if [[ $name == etcd ]]; then
  exec 8> "/tmp/hud-cluster-slot$(cat slot).lock" # as in up.sh: etcd holds the slot for as long as the cluster lives
  flock 8
  setsid "${command[@]}" >> "log/$name.log" 2>&1 < /dev/null &
else
  setsid "${command[@]}" >> "log/$name.log" 2>&1 < /dev/null 8>&- &
fi
echo $! > "$name.pid"
