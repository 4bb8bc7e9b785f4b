#!/usr/bin/env bash
# crd-server.sh WORK_DIR: serves custom resources as the current Kubernetes does: etcd and the server of build-crd-server.sh, both on
# loopback only. Prints the address at which the server will answer, and ends both when its standard input ends: a test run that is
# killed leaves nothing behind.
#
# Leaves in WORK_DIR: pki/ca.crt, pki/admin.crt and pki/admin.key (plain HTTPS with a client certificate: kubectl asks for /api first,
# which this server lacks), etcd.log and server.log.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$("$here/build-crd-server.sh")
work=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$work"
mkdir -p pki

for program in etcd openssl python3; do
  command -v "$program" > /dev/null || { echo "missing: $program; run scripts/install.sh cluster" >&2; exit 1; }
done
read -r client peer port closed < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(4)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')

key() { openssl ecparam -name prime256v1 -genkey -noout -out "pki/$1.key" 2> /dev/null; }
key ca
openssl req -x509 -new -key pki/ca.key -out pki/ca.crt -days 2 -subj /CN=hud-test-ca 2> /dev/null
cert() { # name subject names
  key "$1"
  openssl req -new -key "pki/$1.key" -out "pki/$1.csr" -subj "$2" 2> /dev/null
  openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 2 -out "pki/$1.crt" \
    -extfile <(echo "subjectAltName=$3") 2> /dev/null
}
cert server /CN=crd-server IP:127.0.0.1
cert admin /O=system:masters/CN=admin DNS:admin

# The server wants a cluster to ask who may do what. There is none: nothing listens on this port, and the certificate's group needs no asking.
cat > none.kubeconfig << K
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:$closed", certificate-authority: "$work/pki/ca.crt"}}]
users: [{name: none, user: {client-certificate: "$work/pki/admin.crt", client-key: "$work/pki/admin.key"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
current-context: none
K

etcd --data-dir etcd --unsafe-no-fsync --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
  --listen-peer-urls "http://127.0.0.1:$peer" > etcd.log 2>&1 < /dev/null &
etcd=$!
"$bin/apiextensions-apiserver" --etcd-servers "http://127.0.0.1:$client" --bind-address 127.0.0.1 --secure-port "$port" \
  --tls-cert-file pki/server.crt --tls-private-key-file pki/server.key --client-ca-file pki/ca.crt \
  --kubeconfig none.kubeconfig --authentication-kubeconfig none.kubeconfig --authorization-kubeconfig none.kubeconfig \
  --authentication-skip-lookup --enable-priority-and-fairness=false \
  --disable-admission-plugins NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,ValidatingAdmissionPolicy,MutatingAdmissionPolicy \
  > server.log 2>&1 < /dev/null &
server=$!
trap 'kill $server $etcd 2> /dev/null; wait "$server" "$etcd"' EXIT

echo "https://127.0.0.1:$port"
# whichever comes first: the end of the input, or of one of the two
exec 3<&0 # what runs in the background has no standard input
cat <&3 > /dev/null &
input=$!
wait -n "$input" "$server" "$etcd" || true
