#!/usr/bin/env bash
# images.sh OUT_DIR: makes the images of the cluster tests from what build.sh and the workloads' build left, without a registry:
#
#   hud-operator.tar   localhost/hud-operator:test
#   hud-agent.tar      localhost/hud-agent:test
#   scripted.tar       localhost/scripted-agent:test   stands in for the agent where a test is about the operator
#   workloads.tar      localhost/workloads:test        the Tokio programs, under /
#
# An existing cluster takes them too: `kind load image-archive OUT_DIR/*.tar`, `k3d image import`, `minikube image load`, or push them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$root"

# .NET opens OpenSSL by name when it is first needed; ldd does not show it
openssl=(--library libssl.so.3 --library libcrypto.so.3)
quiet=(--env DOTNET_EnableDiagnostics=0)

for program in hud-agent hud-operator; do
  [[ -x out/$program ]] || { echo "images: out/$program is missing: run ./build.sh" >&2; exit 1; }
done
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
scripted=out/cluster/scripted-agent
if [[ ! -x $scripted/scripted-agent || -n $(find src/Hud.Core tests/cluster/scripted-agent -name '*.cs' -newer "$scripted/scripted-agent" -print -quit) ]]; then
  dotnet publish tests/cluster/scripted-agent -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" --self-contained -p:ArtifactsPath="$root/artifacts/publish" \
    -p:PublishSingleFile=true -p:PublishTrimmed=true -p:TrimmerSingleWarn=true -p:DebugType=embedded -o "$scripted" -v quiet >&2
  touch "$scripted/scripted-agent"
fi

image() { python3 "$here/image.py" "$@"; }
image localhost/hud-operator:test "$out/hud-operator.tar" --entrypoint /hud-operator --user 65532:65532 "${quiet[@]}" "${openssl[@]}" out/hud-operator:/hud-operator
image localhost/hud-agent:test "$out/hud-agent.tar" --entrypoint /hud-agent --user 0:0 "${quiet[@]}" "${openssl[@]}" --library libbpf.so.1 out/hud-agent:/hud-agent
image localhost/scripted-agent:test "$out/scripted.tar" --entrypoint /scripted-agent --user 0:0 "${quiet[@]}" "${openssl[@]}" "$scripted/scripted-agent:/scripted-agent"

# sleep and sh serve for pods that are no Tokio programs and for containers with two processes
shell=(/bin/sh:/bin/sh /bin/sleep:/bin/sleep)
set_name=tokio143-release
programs=(cpu_hog sleep gzip mutex idle)
"$root/tests/workloads/build.sh" "$set_name:$(IFS=,; echo "${programs[*]}")" >&2
sources=()
for program in "${programs[@]}"; do sources+=("out/workloads/$set_name/$program:/$program"); done
image localhost/workloads:test "$out/workloads.tar" "${shell[@]}" "${sources[@]}"
