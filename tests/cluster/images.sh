#!/usr/bin/env bash
# images.sh OUT_DIR [--from FOLDER] [IMAGE...]: makes images from what build.sh and the other builds left, without a registry; without names those of the tests:
#
#   hud-operator   localhost/hud-operator:test   the program and the libraries it needs
#   hud-agent      localhost/hud-agent:test      the program and the libraries it needs
#   test-agent     localhost/test-agent:test     the same agent, and one that plays a part where a test is about the operator
#   workloads      localhost/workloads:test      the Tokio programs, under /
#   shop           localhost/shop:test           the demo service and its load (only when it is named)
#
# --from FOLDER: hud-operator and hud-agent are those that dockerfile.sh left in FOLDER, and test-agent is made of that agent.
#
# An existing cluster takes them too: `kind load image-archive OUT_DIR/*.tar`, `k3d image import`, `minikube image load`, or push them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
from=
if [[ ${1:-} == --from ]]; then from=$(cd "$2" && pwd); shift 2; fi
[[ $# -gt 0 ]] || set -- hud-operator hud-agent test-agent workloads
cd "$root"

# what is built for several clusters that start together is built by the first
mkdir -p out/cluster
exec {lock}>out/cluster/images.lock && flock "$lock"

# .NET opens OpenSSL by name when it is first needed; ldd does not show it
dotnet=(--env DOTNET_EnableDiagnostics=0 --library libssl.so.3 --library libcrypto.so.3)
# libbpf and libdw are the agent's, which opens them the same way; sh and the others serve for pods that aren't Tokio programs, for containers
# with two processes and for one that fills its memory
agent=("${dotnet[@]}" --user 0:0 --library libbpf.so.1 --library libdw.so.1)
licenses=(LICENSE:/LICENSE THIRD-PARTY-NOTICES.txt:/THIRD-PARTY-NOTICES.txt)
bpf_licenses=(bpf/LICENSES/BSD-2-Clause.txt:/LICENSES/BSD-2-Clause.txt bpf/LICENSES/GPL-2.0.txt:/LICENSES/GPL-2.0.txt)
shell=(/bin/sh:/bin/sh /bin/sleep:/bin/sleep /bin/dd:/bin/dd)
workloads=(cpu_hog sleep gzip mutex idle counts)

image() { python3 "$here/image.py" "localhost/$1:test" "$out/$1.tar" "${@:2}"; }
built() { [[ -x out/$1 ]] || { echo "images: out/$1 is missing: run ./build.sh" >&2; exit 1; }; }

scripted_agent() {
  local program=out/cluster/scripted-agent/scripted-agent
  if [[ ! -x $program || -n $(find src/Hud.Core tests/cluster/scripted-agent -name '*.cs' -newer "$program" -print -quit) ]]; then
    MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false dotnet publish tests/cluster/scripted-agent -c Release \
      -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" --self-contained -p:ArtifactsPath="$root/artifacts/publish" \
      -p:PublishSingleFile=true -p:PublishTrimmed=true -p:TrimmerSingleWarn=true -p:DebugType=embedded -o "$(dirname "$program")" -v quiet >&2
    touch "$program"
  fi
  echo "$program:/scripted-agent"
}

for name in "$@"; do
  case "${from:+from-}$name" in
    from-hud-operator | from-hud-agent) cp "$from/$name.tar" "$out/" ;;
    from-test-agent) image test-agent --base "$from/hud-agent.tar" --entrypoint /test-agent.sh "$(scripted_agent)" "$here/test-agent.sh:/test-agent.sh" ;;
    hud-operator)
      built hud-operator
      # the zones that schedules may name
      image hud-operator --entrypoint /hud-operator --user 65532:65532 "${dotnet[@]}" out/hud-operator:/hud-operator "${licenses[@]}" /usr/share/zoneinfo:/usr/share/zoneinfo ;;
    hud-agent) built hud-agent; image hud-agent --entrypoint /hud-agent "${agent[@]}" out/hud-agent:/hud-agent "${licenses[@]}" "${bpf_licenses[@]}" ;;
    test-agent)
      built hud-agent
      image test-agent --entrypoint /test-agent.sh "${agent[@]}" out/hud-agent:/hud-agent "$(scripted_agent)" "$here/test-agent.sh:/test-agent.sh" "${shell[0]}" ;;
    workloads | from-workloads)
      "$root/tests/workloads/build.sh" "tokio143-release:$(IFS=,; echo "${workloads[*]}")" tokio143-lines:cpu_hog >&2
      sources=(out/workloads/tokio143-lines/cpu_hog:/cpu_hog_lines)
      for program in "${workloads[@]}"; do sources+=("out/workloads/tokio143-release/$program:/$program"); done
      image workloads "${shell[@]}" "${sources[@]}" ;;
    shop | from-shop) "$root/examples/demo-service/build.sh" >&2; image shop "${shell[@]}" out/demo/release/demo-service:/demo-service out/demo/release/demo-load:/demo-load ;;
    *) echo "images: no image '$name'" >&2; exit 1 ;;
  esac
done
