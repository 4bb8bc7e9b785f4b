#!/usr/bin/env bash
# start-apiserver.sh WORK_DIR: starts the API server of up.sh again after a test has ended it, and waits until it answers.
set -euo pipefail
cd "$1"
setsid bash apiserver.cmd >> log/apiserver.log 2>&1 < /dev/null &
echo $! > apiserver.pid
for _ in $(seq 300); do
  kubectl --kubeconfig admin.kubeconfig --request-timeout 3s get --raw /readyz > /dev/null 2>&1 && exit
  sleep 0.2
done
echo "the API server did not come back" >&2
exit 1
