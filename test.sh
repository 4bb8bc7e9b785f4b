#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test.
#
#   ./test.sh [--fast | --quick] [FILTER]
#   ./test.sh --fuzz SECONDS
#
#   --fast    only the pure tests: no root, no kernel, no Rust, no Kubernetes
#   --quick   for the inner loop: of these the quick ones, and nothing is built into out/
#   --fuzz    only the tests that give damaged input to a parser, each for so many seconds (without: about
#             two), and how many inputs that were; HUD_FUZZ_SEED repeats one that failed
#   FILTER    a part of a test project's name (Profiling), else a part of the tests' names
#
# HUD_REQUIRE_ALL=1 turns every skipped test into a failed one; HUD_TEST_TIMEOUT is the time of one
# project in seconds (default 2700). The last line is `Hud: N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

fast= quick= filter= fuzz=
while [ $# -gt 0 ]; do
  argument="$1"; shift
  case "$argument" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --fast) fast=1 ;;
    --quick) fast=1 quick=1 ;;
    --fuzz) fuzz="${1:-}"; [ $# = 0 ] || shift; case "$fuzz" in ''|*[!0-9]*) fail "--fuzz needs a number of seconds" "./test.sh --fuzz 60" ;; esac ;;
    -*) fail "unknown argument '$argument'" "./test.sh --help" ;;
    *) [ -z "$filter" ] || fail "more than one filter"; filter="$argument" ;;
  esac
done

export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results=out/test-results
passed=0 failed=0 skipped=0

# Classes that drive other programs (a browser, gdb, hundreds of processes) or wait: minutes of the pure projects' time.
slow=('Browser.*' GdbTests KubectlTests CommandTests CockpitTests WatchTests WrongLinesTests CompletionTests HostileFilesTests
  AgainstAddr2lineTests EverySymbolTests EveryFileTests ProfileIntakeTests AgentStreamTests AlertmanagerTests)

# What a test wants to be `alone` with (the trait "runs"): of the kernel's those that measure time or count what the whole machine does, of the
# cluster's those that stop or remove what all others use. These have clusters of their own, a third one for `recovery`.

# Layers that need root, a kernel with BTF, real Tokio programs, a cluster or the server of custom resources.
needs_machine() { case "$1" in Hud.KernelTests|Hud.WorkloadTests|Hud.ClusterTests|Hud.CrdTests) true ;; *) false ;; esac; }

# A step before the tests that fails is one failed test: the last line must never say less than what happened.
step() { "$@" || { failed=$((failed + 1)); say "failed: $*"; return 1; }; }

# count FILE ATTRIBUTE: a number of the <assembly> element of xunit's result file.
count() { grep -o '<assembly [^>]*>' "$1" 2>/dev/null | head -1 | sed -n "s/.* $2=\"\([0-9]*\)\".*/\1/p"; }

# The blocks of the runner's output about failed and skipped tests: a headline and the deeper lines below it.
details() { awk '/\[(FAIL|SKIP)\]$/ {show=1; print; next} /^      / {if (show) print; next} {show=0}' "$1"; }

# has_parts NAME: one can run beside others; NAME+alone and NAME+recovery cannot. On a cluster that was given there is room for one at a time.
has_parts() {
  case "$1" in
    Hud.KernelTests) true ;;
    Hud.ClusterTests) [ -z "${HUD_E2E_KUBECONFIG:-}${HUD_CLUSTER:-}" ] ;;
    *) false ;;
  esac
}

# run_project NAME[+PART]: runs one project or a part of it; prints what failed and how many passed, and leaves the three numbers in
# its .count file.
run_project() {
  local name="$1" project="${1%%+*}" class xml="$results/$1.xml" log="$results/$1.log" code started=$SECONDS arguments=() wrong=0
  local program="artifacts/bin/$project/release/$project"
  case "$name" in
    *+*) arguments=(-trait "runs=${name#*+}") ;;
    *) ! has_parts "$name" || arguments=(-trait- runs=alone -trait- runs=recovery) ;;
  esac
  [ -z "$method" ] || arguments+=(-method "*$method*")
  [ -z "$fuzz" ] || arguments=(-class '*Fuzz*' -diagnostics)
  [ -z "$quick" ] || for class in "${slow[@]}"; do arguments+=(-class- "*.$class"); done
  say "$name"
  # the programs that are delivered are the ones that are tested
  [ -n "$quick" ] || export HUD_TESTED="$PWD/out/hud" HUD_AGENT="$PWD/out/hud-agent" HUD_OPERATOR="$PWD/out/hud-operator"
  timeout --kill-after=20 "${HUD_TEST_TIMEOUT:-2700}" "$program" -xml "$xml" -noLogo -noColor "${arguments[@]}" >"$log" 2>&1 </dev/null
  code=$?
  details "$log"
  local p f s e
  p="$(count "$xml" passed)" f="$(count "$xml" failed)" s="$(count "$xml" skipped)" e="$(count "$xml" errors)"
  if [ -z "$p" ] || { [ $code -ne 0 ] && [ "${f:-0}" = 0 ] && [ "${e:-0}" = 0 ]; }; then
    head -n 12 "$log"; echo "..."; tail -n 12 "$log"
    [ $code -ne 124 ] || echo "$name was ended after ${HUD_TEST_TIMEOUT:-2700} s"
    echo "$name: exit code $code without a whole result"
    wrong=1
  elif [ $((p + f + s)) = 0 ] && [ -z "$method" ]; then
    echo "$name ran no test"; wrong=1
  fi
  printf '%-24s %5d passed %4d failed %4d skipped  %4d s\n' "$name" "${p:-0}" "$((${f:-0} + ${e:-0}))" "${s:-0}" $((SECONDS - started))
  echo "${p:-0} $((${f:-0} + ${e:-0} + wrong)) ${s:-0}" >"$results/$name.count"
}

# add_up NAME...: a project without a .count file did not come to its end, and that is a failure.
add_up() {
  local name p f s
  for name in "$@"; do
    p=0 f=1 s=0
    [ ! -s "$results/$name.count" ] || read -r p f s <"$results/$name.count"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  done
}

# buffered NAME: runs one project beside others; its output comes in one piece.
buffered() { run_project "$1" >"$results/$1.out"; cat "$results/$1.out"; }

# The pure projects two at a time, and where there are tests of the cluster beside those, which wait most of the time and go first where they
# do not. What measures time has the machine to itself at the end.
run_projects() {
  local name cluster=() beside=() last=()
  for name in "$@"; do
    case "$name" in
      Hud.ClusterTests) cluster=("$name"); ! has_parts "$name" || cluster+=("$name+alone" "$name+recovery") ;;
      Hud.KernelTests) beside+=("$name"); last+=("$name+alone") ;;
      Hud.WorkloadTests) last+=("$name") ;;
      *) beside+=("$name") ;;
    esac
  done
  for name in "${cluster[@]}"; do buffered "$name" & done
  (
    renice -n 10 -p "$BASHPID" >/dev/null
    for name in "${beside[@]}"; do
      [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
      buffered "$name" &
    done
    wait
  ) &
  wait
  for name in "${last[@]}"; do run_project "$name"; done
  add_up "${cluster[@]}" "${beside[@]}" "${last[@]}"
}

projects=() method="$filter"
for project in tests/*/*Tests.csproj; do
  name="$(basename "$project" .csproj)"
  if [ -n "$fast" ] && needs_machine "$name"; then continue; fi
  [ -n "$(find "tests/$name" -name '*.cs' -not -path '*/obj/*' -print -quit)" ] || continue
  projects+=("$name")
done
if [ -n "$filter" ]; then
  matching=(); for name in "${projects[@]}"; do case "${name,,}" in *"${filter,,}"*) matching+=("$name") ;; esac; done
  if [ ${#matching[@]} -gt 0 ]; then projects=("${matching[@]}") method=; fi
fi

rm -rf "$results"; mkdir -p "$results"
if [ -n "$fuzz" ]; then
  export HUD_FUZZ_SECONDS="$fuzz" HUD_TEST_TIMEOUT="${HUD_TEST_TIMEOUT:-$((fuzz * 20 + 600))}"
  projects=()
  step scripts/install.sh build rust test
  step locked_packages all
  for project in $(grep -l 'Support/Fuzz.cs' tests/*/*.csproj | cut -d/ -f2); do
    step run_logged "out/logs/build-fuzz-$project.log" "building $project" dotnet build "tests/$project" -c Release -v quiet && run_projects "$project"
  done
  grep -hoE '[A-Za-z ]+: [0-9]+ inputs.*|[0-9]+ (damaged files|symbols tried).*' "$results"/*.log | sort -u
elif [ -n "$fast" ]; then step scripts/install.sh build; else step scripts/install.sh; fi
if [ -z "$fuzz" ] && { [ -n "$quick" ] || step ./build.sh --no-install; }; then
  if [ -z "$fast" ]; then
    step tests/workloads/build.sh tests
    step examples/demo-service/build.sh
  fi
  # Here and not within the time of the tests: the first time it takes minutes.
  case " ${projects[*]} " in *' Hud.ClusterTests '*)
    if tests/cluster/check.sh >/dev/null; then
      # A Dockerfile that cannot be built is reported by the tests of the images.
      run_logged out/logs/images.log "the images of the Dockerfile (minutes, when their sources have changed)" tests/cluster/dockerfile.sh out/dockerfile || true
      step run_logged out/logs/kubernetes.log "Kubernetes (built once, about 7 minutes)" tests/cluster/build-kubernetes.sh
    fi ;;
  esac
  # Where it cannot be built the tests are skipped, and say why.
  case " ${projects[*]} " in *' Hud.CrdTests '*)
    run_logged out/logs/crd-server.log "the CRD server of the current Kubernetes (built once, about 7 minutes)" tests/cluster/build-crd-server.sh || true ;;
  esac
  step locked_packages all
  step run_logged out/logs/tools.log "the formatter" dotnet tool restore
  # All in one go is quicker; one by one when that fails, so that one broken project does not hide the others' results.
  one_by_one=
  run_logged out/logs/build-all.log "building all projects" dotnet build Hud.sln -c Release -v quiet || one_by_one=1
  # One layout for all code; `dotnet csharpier format src tests bench` puts it right.
  step run_logged out/logs/format.log "layout of the code" dotnet csharpier check src tests bench
  built=()
  for name in "${projects[@]}"; do
    [ -z "$one_by_one" ] || step run_logged "out/logs/build-$name.log" "building $name" dotnet build "tests/$name" -c Release -v quiet || continue
    built+=("$name")
  done
  run_projects "${built[@]}"
fi

grep -h -A1 '\[SKIP\]$' "$results"/*.log 2>/dev/null | grep -v '\[SKIP\]$' | grep -v '^--' | sed 's/^ */  skipped: /' | sort | uniq -c | sort -rn | head -30
[ $((passed + failed)) -gt 0 ] || failed=1
printf 'Hud: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
