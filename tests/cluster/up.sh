#!/usr/bin/env bash
# up.sh WORK_DIR [OWNER_PID]: starts a real one-node Kubernetes that only this machine can reach: etcd, control plane, containerd, kubelet.
#
# Needs root and what `scripts/install.sh cluster` installs. Binaries come from build-kubernetes.sh (HUD_KUBE_BIN or the cache).
# Leaves in WORK_DIR: admin.kubeconfig, containerd.sock, log/, one .pid file per process. down.sh WORK_DIR stops all of it.
# With OWNER_PID the cluster goes down by itself when that process is gone, so a killed test run leaves nothing behind.
#
# Several clusters can run on one machine: each takes a free slot, from which ports, bridge and addresses follow, and has mounts of its own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mkdir -p "$1" && cd "$1" && pwd)
owner=${2:-}
bin=$("$here/build-kubernetes.sh")
cd "$work"
mkdir -p pki log etcd kubelet cni cni-state containerd

for slot in 0 1 2 3 4 5 6 7; do
  exec 8> "/tmp/hud-cluster-slot$slot.lock"
  flock -n 8 && break
  [[ $slot == 7 ]] && { echo "up: eight clusters run already" >&2; exit 1; }
done
# descriptor 8 is inherited by etcd and so holds the slot for as long as the cluster lives

base=$((21000 + slot * 20))
# No kube-proxy runs here: the API server listens on the very address of its service, so that pods reach it without one. The address
# sits on the bridge, which leads nowhere but to this machine's own pods.
api_ip=10.96.$slot.1 api=443 etcd_client=$((base + 1)) etcd_peer=$((base + 2)) kubelet_port=$((base + 3)) kubelet_health=$((base + 4))
kcm_port=$((base + 5)) scheduler_port=$((base + 6))
echo "$slot" > slot
version=$("$bin/kubelet" --version | sed -E 's/.*v1\.([0-9]+).*/\1/')
minor=${version:-99}

# setsid: a Ctrl-C in the terminal must not end the API server in the middle of a test's cleanup
start() {
  local name=$1
  shift
  printf '%s\0' "$@" > "$name.argv" # for restart.sh, which may come when it is dead
  if [[ $name == etcd ]]; then setsid "$@" > "log/$name.log" 2>&1 < /dev/null & else setsid "$@" > "log/$name.log" 2>&1 < /dev/null 8>&- & fi
  echo $! > "$name.pid"
}
wait_for() { # seconds, what, command...
  local tries=$(($1 * 5)) what=$2
  shift 2
  for ((i = 0; i < tries; i++)); do "$@" > /dev/null 2>&1 && return; sleep 0.2; done
  echo "up: $what did not come up; the ends of its logs:" >&2
  tail -n 15 log/*.log >&2
  exit 1
}
k() { kubectl --kubeconfig admin.kubeconfig --request-timeout 5s "$@"; }

# --- keys: one authority, one certificate per component. EC keys, because RSA generation is the slowest part of the start.
key() { openssl ecparam -name prime256v1 -genkey -noout -out "pki/$1.key" 2> /dev/null; }
if [[ ! -f pki/ca.crt ]]; then
  key ca
  openssl req -x509 -new -key pki/ca.key -out pki/ca.crt -days 30 -subj /CN=hud-test-ca 2> /dev/null
  cert() { # name subject names
    key "$1"
    openssl req -new -key "pki/$1.key" -out "pki/$1.csr" -subj "$2" 2> /dev/null
    openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 30 -out "pki/$1.crt" \
      -extfile <(echo "subjectAltName=$3") 2> /dev/null
    cat > "$1.kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: hud-test, cluster: {server: "https://$api_ip:$api", certificate-authority-data: $(base64 -w0 pki/ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "pki/$1.crt"), client-key-data: $(base64 -w0 "pki/$1.key")}}]
contexts: [{name: hud-test, context: {cluster: hud-test, user: $1}}]
current-context: hud-test
K
  }
  cert apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$api_ip,DNS:localhost,DNS:kubernetes.default.svc"
  cert admin /O=system:masters/CN=admin DNS:admin
  cert kcm /CN=system:kube-controller-manager DNS:kcm
  cert scheduler /CN=system:kube-scheduler DNS:scheduler
  cert kubelet /O=system:nodes/CN=system:node:node1 "DNS:node1,IP:127.0.0.1"
  # the signing key of service accounts has to be RSA or EC with a public half in PEM
  key sa
  openssl ec -in pki/sa.key -pubout -out pki/sa.pub 2> /dev/null
fi

# --- the node's own mounts. A kubelet looks after /var/log/pods as if it were the only one, and deletes the logs of another's pods (podLogsDir
# is known from 1.30 on only). So containerd and the kubelet share a mount namespace in which such folders are this cluster's, and with which
# everything they mount goes: the containers' file systems, secrets, and the names that keep network namespaces alive.
shared=(/var/log/pods /var/log/containers /var/lib/kubelet /run/netns)
mkdir -p "${shared[@]}" "${shared[@]/#/$work/node}"
start mounts unshare --mount --propagation private bash -c 'for folder in "${@:2}"; do mount --bind "$1/node$folder" "$folder" || exit; done
  touch "$1/mounts.ready"; exec sleep infinity' mounts "$work" "${shared[@]}"
wait_for 30 "the node's mount namespace" test -e mounts.ready
node=(nsenter "--mount=/proc/$(cat mounts.pid)/ns/mnt" bash -c 'cd "$0" && exec "$@"' "$work")

# --- containerd needs nothing of the rest, so it starts first
cat > containerd.toml <<K
version = 2
root = "$work/containerd/root"
state = "$work/containerd/state"
[grpc]
  address = "$work/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true # without CAP_SYS_RESOURCE no container can be given a lower score
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$work/cni"
K
cat > cni/10-bridge.conflist <<K
{"cniVersion":"0.4.0","name":"hud-test$slot","plugins":[
 {"type":"bridge","bridge":"hud-test$slot","isGateway":true,"ipMasq":false,
  "ipam":{"type":"host-local","dataDir":"$work/cni-state","ranges":[[{"subnet":"10.244.$slot.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}}]}
K
start containerd "${node[@]}" containerd -c containerd.toml

# The node's own address is the bridge's: a loopback address is refused for nodes, and a machine need not have another one.
node_ip=10.244.$slot.1
# A bridge without an address of its own takes that of a pod, and another one when that pod goes: the others then talk into the void
# for half a minute, until their neighbour tables notice.
ip link show "hud-test$slot" > /dev/null 2>&1 || ip link add "hud-test$slot" address "02:68:75:64:00:0$slot" type bridge
ip addr replace "$node_ip/24" dev "hud-test$slot"
ip addr replace "$api_ip/32" dev "hud-test$slot"
ip link set "hud-test$slot" up

# --- control plane. The API server reaches the kubelet (the logs of pods) with the admin's certificate. etcd does not sync to
# disk: a test cluster that loses power has nothing to lose, and fsync is what makes API servers slow on small machines.
start etcd etcd --data-dir etcd --unsafe-no-fsync --listen-client-urls "http://127.0.0.1:$etcd_client" \
  --advertise-client-urls "http://127.0.0.1:$etcd_client" --listen-peer-urls "http://127.0.0.1:$etcd_peer"
cat > apiserver.cmd <<K
exec "$bin/kube-apiserver" --etcd-servers http://127.0.0.1:$etcd_client --bind-address $api_ip --secure-port $api \
  --advertise-address $api_ip --tls-cert-file pki/apiserver.crt --tls-private-key-file pki/apiserver.key \
  --client-ca-file pki/ca.crt --kubelet-client-certificate pki/admin.crt --kubelet-client-key pki/admin.key \
  --kubelet-preferred-address-types InternalIP,Hostname --authorization-mode Node,RBAC --allow-privileged=true \
  --service-account-key-file pki/sa.pub --service-account-signing-key-file pki/sa.key \
  --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.$slot.0/24
K
start apiserver bash apiserver.cmd # a file, so that a test can stop it and start it again as it was
wait_for 90 "the API server" k get --raw /readyz
kcm_flags=(--kubeconfig kcm.kubeconfig --service-account-private-key-file pki/sa.key --root-ca-file pki/ca.crt
  --use-service-account-credentials=true --leader-elect=false --bind-address 127.0.0.1 --secure-port "$kcm_port")
scheduler_flags=(--kubeconfig scheduler.kubeconfig --leader-elect=false --bind-address 127.0.0.1 --secure-port "$scheduler_port")
((minor < 24)) && kcm_flags+=(--port 0) scheduler_flags+=(--port 0) # the unauthenticated ports of old
start kcm "$bin/kube-controller-manager" "${kcm_flags[@]}"
start scheduler "$bin/kube-scheduler" "${scheduler_flags[@]}"

# --- node
wait_for 30 containerd ctr -a "$work/containerd.sock" version
printf '#include <unistd.h>\n#include <signal.h>\nstatic void h(int s){_exit(0);}int main(){signal(SIGTERM,h);for(;;)pause();}' > pause.c
gcc -static -O2 pause.c -o pause
python3 "$here/image.py" localhost/pause:1 pause.tar --entrypoint /pause "$work/pause:/pause"
"$here/load-image.sh" "$work" pause.tar
cat > kubelet.yaml <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_ip
port: $kubelet_port
healthzPort: $kubelet_health
cgroupDriver: cgroupfs
failSwapOn: false
cgroupsPerQOS: false
enforceNodeAllocatable: []
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $work/pki/ca.crt}}
authorization: {mode: Webhook}
evictionHard: {memory.available: "100Mi"}
resolvConf: /etc/resolv.conf
nodeStatusUpdateFrequency: 4s
syncFrequency: 5s # what the kubelet missed or could not do it tries again after this, and otherwise after a minute
maxPods: 200
imageGCHighThresholdPercent: 100 # the images came from no registry: once collected they are gone
K
kubelet_flags=(--config kubelet.yaml --kubeconfig kubelet.kubeconfig --root-dir "$work/kubelet" --hostname-override node1 --node-ip "$node_ip")
if ((minor >= 27)); then echo "containerRuntimeEndpoint: unix://$work/containerd.sock" >> kubelet.yaml
else kubelet_flags+=(--container-runtime remote --container-runtime-endpoint "unix://$work/containerd.sock"); fi
((minor >= 31)) && echo "failCgroupV1: false" >> kubelet.yaml
start kubelet "${node[@]}" "$bin/kubelet" "${kubelet_flags[@]}"
node_ready() { k get node node1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True; }
wait_for 90 "the node" node_ready
wait_for 30 "the default service account" k -n default get serviceaccount default

if [[ -n $owner ]]; then
  setsid bash -c 'while kill -0 "$1" 2>/dev/null; do sleep 2; done; exec "$2/down.sh" "$3"' watch "$owner" "$here" "$work" > log/watch.log 2>&1 < /dev/null 8>&- &
  echo $! > watch.pid
fi
echo "up: $("$bin/kubelet" --version), kubeconfig $work/admin.kubeconfig"
