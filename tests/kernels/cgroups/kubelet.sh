#!/bin/busybox sh
# The same of containers that a kubelet has containerd start, with systemd's cgroup driver: two static pods, one with a CPU limit, one that
# looks at it as an agent does. No API server and no network of pods is needed for that.
agent=/out/agent
mkdir -p /etc/containerd /etc/kubernetes/manifests /var/lib/kubelet /var/log/pods /opt/cni/bin /etc/cni/net.d $agent
mount -t tmpfs none /var/lib/kubelet
echo 127.0.0.1 localhost >/etc/hosts; echo nameserver 127.0.0.1 >/etc/resolv.conf; hostname node1; ip link set lo up
cat >/etc/containerd/config.toml <<K
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = true
        NoPivotRoot = true # an initramfs cannot be left
K
cat >/etc/kubernetes/kubelet.yaml <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
cgroupDriver: systemd
failSwapOn: false
evictionHard: {memory.available: "1Mi"}
imageGCHighThresholdPercent: 100
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
K
manifest() { # name command more
  cat >/etc/kubernetes/manifests/$1.yaml <<K
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: default}
spec:
  hostNetwork: true
  hostPID: $4
  terminationGracePeriodSeconds: 0
  volumes: [{name: out, hostPath: {path: $agent}}]
  containers:
  - {name: app, image: "localhost/busybox:1", imagePullPolicy: Never, command: $2, $3, volumeMounts: [{name: out, mountPath: /agent}]}
K
}
manifest hog '[/bin/busybox, sh, -c, "while :; do :; done"]' 'resources: {requests: {cpu: 10m}, limits: {cpu: 200m}}' false
manifest agent '[/bin/busybox, sh, -c, "until test -s /agent/ask; do /bin/busybox sleep 1; done; read pid path </agent/ask; /bin/busybox sh /agent/look $pid $path >/agent/seen.tmp 2>&1; /bin/busybox mv /agent/seen.tmp /agent/seen; /bin/busybox sleep 3600"]' 'securityContext: {privileged: true}' true
cp /c/rootfs/bin/look $agent/look
containerd >/tmp/containerd.log 2>&1 &
i=0
until ctr version >/dev/null 2>&1; do
  i=$((i + 1)); [ $i -lt 120 ] || { echo "@@ kubelet-failed"; tail -n 20 /tmp/containerd.log; echo "@@ end"; return 0; }
  sleep 1
done
echo "containerd answers"
for image in /images/*.tar; do ctr -n k8s.io images import --snapshotter native $image >/dev/null 2>&1 || echo "no image $image"; done
echo "the images are in"
kubelet --config /etc/kubernetes/kubelet.yaml --container-runtime remote --container-runtime-endpoint unix:///run/containerd/containerd.sock \
  --hostname-override node1 >/tmp/kubelet.log 2>&1 &
# the process of a container by a word of its command line; one look at all, as each program started takes long in an emulated machine
member() { grep -ls "$1" /proc/[0-9]*/cmdline | while read -r file; do grep -qs cri-containerd "${file%cmdline}cgroup" && { file=${file#/proc/}; echo "${file%/cmdline}"; break; }; done; }
i=0
until looker=$(member 'until test') && [ -n "$looker" ] && pid=$(member 'while :') && [ -n "$pid" ]; do
  i=$((i + 1)); [ $i -lt 40 ] || { echo "@@ kubelet-failed"; tail -n 40 /tmp/kubelet.log; tail -n 20 /tmp/containerd.log; echo "@@ end"; return 0; }
  sleep 3
done
sleep 4
path=$(cut -d: -f3 /proc/$pid/cgroup)
of() { sed -n "s/.*cri-containerd-\([0-9a-f]*\)\.scope.*/\1/p" /proc/$1/cgroup; }
echo "@@ kubelet-containerd-systemd"
echo "-- ids of the container, its pod and the agent"; echo "$(of $pid) $(sed -n 's/.*-pod\([0-9a-f_]*\)\.slice.*/\1/p' /proc/$pid/cgroup) $(of $looker)"
echo "-- target-cgroup-host /proc/$pid/cgroup"; cat /proc/$pid/cgroup
echo "-- machine-mount /sys/fs/cgroup$path/cpu.stat"; cat /sys/fs/cgroup$path/cpu.stat
echo "$pid $path" >$agent/ask
until [ -e $agent/seen ]; do sleep 1; done
cat $agent/seen
echo "@@ end"
