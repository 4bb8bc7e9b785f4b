#!/bin/busybox sh
# Starts containers in the cgroups of each layout, and shows them to an agent that shares the node's processes but has cgroups of its own.
exec >/dev/ttyS0 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
runc=/usr/sbin/runc
pod=aec7783c-4768-4766-96e3-01681d933f01 podu=aec7783c_4768_4766_96e3_01681d933f01
agentpod=0b5e0c1d-2f6a-4c58-9d0e-7a1f3c2b4d5e agentu=0b5e0c1d_2f6a_4c58_9d0e_7a1f3c2b4d5e
id=4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945
agentid=9c1185a5c5e9fc54612808977ee8f548b2258d31d5f1c1a3e2f7a4b6c8d0e1f2
node=7e0b8a9f3c5d1e2f4a6b8c0d2e4f6a8b0c1d3e5f7a9b1c3d5e7f9a0b2c4d6e8f
echo 0 >/proc/sys/kernel/printk
mkdir -p /c/rootfs/proc /c/rootfs/sys /c/rootfs/dev /c/rootfs/bin /c/rootfs/out /out
cp /bin/busybox /c/rootfs/bin/busybox
config() { # cgroupsPath namespaces args
  cat <<K
{"ociVersion":"1.0.2","process":{"user":{"uid":0,"gid":0},"args":[$3],"env":["PATH=/bin"],"cwd":"/",
 "capabilities":{"bounding":["CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_DAC_READ_SEARCH","CAP_DAC_OVERRIDE"],"effective":["CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_DAC_READ_SEARCH","CAP_DAC_OVERRIDE"],"permitted":["CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_DAC_READ_SEARCH","CAP_DAC_OVERRIDE"]}},
 "root":{"path":"/c/rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
 {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755"]},
 {"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
 {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["nosuid","noexec","nodev","relatime","ro"]},
 {"destination":"/out","type":"bind","source":"/out","options":["rbind","rw"]}],
 "linux":{"cgroupsPath":"$1","namespaces":[{"type":"mount"},{"type":"ipc"},{"type":"uts"}$2],
 "resources":{"cpu":{"quota":20000,"period":100000}}}}
K
}
hog='"/bin/busybox","sh","-c","while :; do :; done"'
cat >/c/rootfs/bin/look <<'K'
#!/bin/busybox sh
# look PID HOSTPATH
b=/bin/busybox
show() { $b echo "-- $1 $2"; $b cat "$2" 2>/dev/null || $b echo "(none)"; }
show target-cgroup-agent /proc/$1/cgroup
show own-cgroup-agent /proc/self/cgroup
show init-cgroup-agent /proc/1/cgroup
show own-root /sys/fs/cgroup/cpu.stat
show target-root /proc/$1/root/sys/fs/cgroup/cpu.stat
show init-root /proc/1/root/sys/fs/cgroup$2/cpu.stat
K
chmod 755 /c/rootfs/bin/look
record() { # layout manager target-path agent-path [target's cgroup namespace]
  local layout=$1 flag= ns=',{"type":"cgroup"}'
  [ "$2" = systemd ] && flag=--systemd-cgroup
  [ "$5" = host ] && ns=
  mkdir -p /b/$layout-t /b/$layout-a
  config "$3" ",{\"type\":\"pid\"}$ns" "$hog" >/b/$layout-t/config.json
  echo "@@ $layout"
  $runc $flag run --no-pivot -d -b /b/$layout-t t-$layout </dev/null >/tmp/$layout.log 2>&1 || { echo "failed:"; cat /tmp/$layout.log; }
  pid=$($runc state t-$layout | grep '"pid"' | tr -dc 0-9)
  sleep 2
  path=$(cut -d: -f3 /proc/$pid/cgroup)
  echo "-- target-cgroup-host /proc/$pid/cgroup"; cat /proc/$pid/cgroup
  echo "-- machine-mount /sys/fs/cgroup$path/cpu.stat"; cat /sys/fs/cgroup$path/cpu.stat
  config "$4" ',{"type":"cgroup"}' "\"/bin/look\",\"$pid\",\"$path\"" >/b/$layout-a/config.json
  $runc $flag run --no-pivot -b /b/$layout-a a-$layout </dev/null >/out/$layout 2>&1
  cat /out/$layout
  $runc kill t-$layout KILL; sleep 1; $runc $flag delete -f t-$layout >/dev/null 2>&1
  echo "@@ end"
}
echo "@@ machine"; uname -r; systemctl --version | head -1; $runc --version | head -1; grep cgroup /proc/mounts; echo "@@ end"
record containerd-systemd systemd "kubepods-burstable-pod$podu.slice:cri-containerd:$id" "kubepods-burstable-pod$agentu.slice:cri-containerd:$agentid"
record crio-systemd systemd "kubepods-burstable-pod$podu.slice:crio:$id" "kubepods-burstable-pod$agentu.slice:crio:$agentid"
record docker-systemd systemd "system.slice:docker:$id" "system.slice:docker:$agentid"
record docker-systemd-host-namespace systemd "system.slice:docker:$id" "system.slice:docker:$agentid" host
record containerd-cgroupfs cgroupfs "/kubepods/burstable/pod$pod/$id" "/kubepods/burstable/pod$agentpod/$agentid"
record containerd-cgroupfs-other-class cgroupfs "/kubepods/burstable/pod$pod/$id" "/kubepods/besteffort/pod$agentpod/$agentid"
kind=/system.slice/docker-$node.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable
record kind cgroupfs "$kind-pod$podu.slice/cri-containerd-$id.scope" "$kind-pod$agentu.slice/cri-containerd-$agentid.scope"
k3d=/system.slice/docker-$node.scope/kubepods/burstable
record k3d cgroupfs "$k3d/pod$pod/$id" "$k3d/pod$agentpod/$agentid"
record podman systemd "machine.slice:libpod:$id" "machine.slice:libpod:$agentid"
[ ! -x /usr/bin/kubelet ] || . /kubelet.sh
echo "@@ done"
sync; echo o >/proc/sysrq-trigger; poweroff -f
