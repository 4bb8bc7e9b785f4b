#!/usr/bin/env bash
# Measures what Hud costs and how quick its parts are, and writes docs/performance.md.
#
#   sudo bench/run.sh [--rounds N] [--print]
#
#   --rounds N   windows with and without each tool (default 3)
#   --print      to the terminal only
#
# Everything is a ratio within one run or a count: machines differ. Let nothing else run beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

rounds=3 print=
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --rounds) rounds="${2:-}"; shift ;;
    --print) print=1 ;;
    *) fail "unknown argument '$1'" "bench/run.sh --help" ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || fail "watching another process from the kernel needs root" "sudo bench/run.sh"

scripts/install.sh build rust bench browser
./build.sh --no-install
tests/workloads/build.sh tokio143-release:throughput,cpu_hog,wide tokio143-lines:cpu_hog
bench/big/build.sh
examples/demo-service/build.sh tokio143
dotnet build bench/Hud.Bench -c Release -v q --nologo >/dev/null
bench=artifacts/bin/Hud.Bench/release/Hud.Bench

report() {
  cat <<MD
# Performance

Made by \`bench/run.sh\` on Linux $(uname -r), $(nproc) CPUs, $(date -u +%Y-%m-%d). Rerun it on your machine: the ratios travel, the
nanoseconds do not. A probe costs several times more in a virtual machine than on bare metal.

## What the target pays

The throughput of a program that only polls, with a tool on it over its throughput without, in windows that take turns.
1.0000 means no loss; the first row of each target is the noise of the measurement itself. A window begins three seconds after
the tool's start, when the governor has found its level, and five seconds after it at 5,000 polls/s and for the shop, where
compiling and the first names would be most of what is measured; Hud keeps to its default budget of 1 %. The other tools
answer smaller questions: how long functions take, what runs on the CPU, what sleeps.

$("$bench" overhead "$rounds")

At 5,000 polls/s a worker the loss is smaller than what the machine's own speed changes by between two windows. So once more, with
two programs that take turns on one CPU every few milliseconds: Hud watches the one, then the other. What disturbs that CPU disturbs
both, and each is measured by the polls it makes for a second of its own CPU time (goal: at most 1 % lost).

$("$bench" twin $((rounds * 6)))
$("$bench" twin $((rounds * 4)) 0.5 | tail -n 1 | sed 's/^| hud |/| hud, `--budget 0.5`: what continuous agents keep to |/')
$("$bench" twin $((rounds * 4)) 10 | tail -n 1 | sed 's/^| hud |/| hud, `--budget 10`: every poll timed |/')

## The agent

Where no CPU is idle, the agent's own CPU time comes on top of what the target pays. The kernel's count of a program's time holds
its own two looks at the clock for each run, so the last column is what the program itself takes (goal: 80 ns for a context
switch of other processes: nearly all of \`hud_sched_switch\` in the second table).

$("$bench" agent 30)

## Stacks and names

Unwind rows of large files (goal: 50 MB of code within 1.5 s and 20 MB); frames a second on one core, over
the stacks that the tests keep (goal: 100,000):

\`\`\`
$("$bench" unwind 2>&1)
\`\`\`

Names of 20,000 addresses all over a program, with files, lines and inlined calls, each asked once and then again (goals: 5,000
and 200,000 a second); \`symbols\` is what the live view does. The helper's memory is its most, and of it what is not pages of the file:

\`\`\`
$("$bench" names out/workloads/tokio143-lines/cpu_hog out/bench/big/cpu_hog 2>&1)
\`\`\`

A run on the larger of these two, which \`bench/big/build.sh\` makes (goals: attached within 3 s, 300 MiB together):

\`\`\`
$("$bench" large 2>&1)
\`\`\`

## The page and the cockpit

A report of 5,000 distinct stacks and 20,000 slow polls: how long each format takes to write, and the page in headless Chromium
without a GPU. The cockpit is in a real terminal, with the agent on the demo shop under its load (goal: under 1 % of one core).

\`\`\`
$("$bench" page 2>&1)
\`\`\`

$("$bench" cockpit)
MD
  # bench/cluster.sh's, which is kept
  echo; sed -n '/^## On Kubernetes/,$p' docs/performance.md
}

if [ -n "$print" ]; then report; else report >docs/performance.md.new && mv docs/performance.md.new docs/performance.md && say "docs/performance.md is written"; fi
