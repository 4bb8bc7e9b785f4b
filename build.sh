#!/usr/bin/env bash
# Builds Hud into out/.
#
#   ./build.sh [--no-install] [--clean] [PROGRAM...]
#
#   out/hud, out/hud-agent, out/hud-operator   self-contained single files: the machine that runs them needs no .NET
#   out/*.dbg                the symbols of those that are native code
#   out/kubectl-hud          the plugin: on the PATH it makes "kubectl hud" work; out/kubectl_complete-hud completes it
#   out/bpf/                 the BPF objects that the agent carries, as clang made them
#   out/native/              the program that the agent's self-test starts and probes
#
#   --no-install   do not look for missing packages (scripts/install.sh build)
#   --clean        throw away out/ and artifacts/ first
#   PROGRAM        hud, hud-agent or hud-operator alone
#
# The programs are native code, less than half of the size. HUD_NATIVE=0 builds them as trimmed .NET programs, a minute quicker each.
#
# What has not changed since the last time is not built again.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

install=1 clean= programs=()
for argument in "$@"; do
  case "$argument" in
    -h|--help) usage_of "$0"; exit 0 ;;
    --no-install) install= ;;
    --clean) clean=1 ;;
    hud|hud-agent|hud-operator) programs+=("$argument") ;;
    *) fail "unknown argument '$argument'" "./build.sh --help" ;;
  esac
done

case "$(uname -m)" in
  x86_64) rid=linux-x64 ;;
  aarch64) rid=linux-arm64 ;;
  *) fail "Hud runs on x86-64 and on aarch64 and this is $(uname -m)" ;;
esac

# Compiler servers make the next build quicker and outlive this one; we leave nothing behind.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# unchanged STAMP PATH...: the files below PATH are those of the last good build.
unchanged() { local stamp="out/.stamps/$1"; shift; [ "$(fingerprint "$@")" = "$(cat "$stamp" 2>/dev/null)" ]; }
remember() { local stamp="out/.stamps/$1"; shift; mkdir -p out/.stamps; fingerprint "$@" >"$stamp"; }
fingerprint() { { find "$@" -type f -not -path '*/bin/*' -not -path '*/obj/*' -printf '%p %T@ %s\n' 2>/dev/null || true; } | sort | sha256sum; }

build_make() {
  local folder="$1" what="$2"
  [ -f "$folder/Makefile" ] || return 0
  run_logged "out/logs/$folder.log" "$what" make -C "$folder" || fail "$what failed" "the whole log is out/logs/$folder.log"
}

# publish PROJECT NAME [trimmed|native]: one file.
publish() {
  local project="$1" name="$2" kind="${3:-trimmed}" inputs=(src docs/causes out/bpf out/native build.sh packages/product Directory.Build.props Directory.Packages.props global.json)
  local trimmed=(-p:PublishSingleFile=true -p:PublishTrimmed=true -p:PublishReadyToRun=true -p:IncludeNativeLibrariesForSelfExtract=false -p:DebugType=embedded)
  # the compiler's driver only links here; symbols go into a file of their own
  local native=(-p:PublishAot=true -p:CppCompilerAndLinker=gcc -p:StripSymbols=true)
  local -n options="$kind"
  local stamp="$name"; [ "$kind" = trimmed ] || stamp="$name-$kind"
  [ "$kind" = native ] || rm -f "out/.stamps/$name-native"
  [ "$kind" = trimmed ] || rm -f "out/.stamps/$name"
  if [ -x "out/$name" ] && unchanged "$stamp" "${inputs[@]}"; then return; fi
  locked_packages product
  # An artifacts folder of its own: publishing restores for one architecture, which must not undo the restore of `dotnet build`.
  run_logged "out/logs/$name.log" "$name" dotnet publish "src/$project" -c Release -r "$rid" --self-contained \
    -p:ArtifactsPath="$PWD/artifacts/publish" "${options[@]}" -p:ILLinkTreatWarningsAsErrors=false -p:TrimmerSingleWarn=true \
    -o "out/publish/$name" || fail "$name could not be built" "the whole log is out/logs/$name.log"
  # Replaced, not overwritten: the old file may be running.
  cp "out/publish/$name/$name" "out/$name.new" && mv -f "out/$name.new" "out/$name"
  if [ "$kind" = native ]; then cp "out/publish/$name/$name.dbg" out/; else rm -f "out/$name.dbg"; fi
  remember "$stamp" "${inputs[@]}"
}

kind=native; [ "${HUD_NATIVE:-}" != 0 ] || kind=trimmed
[ -z "$clean" ] || rm -rf out artifacts
[ -z "$install" ] || scripts/install.sh build
mkdir -p out
[ ${#programs[@]} -gt 0 ] || programs=(hud-agent hud hud-operator)
for program in "${programs[@]}"; do
  case "$program" in
    hud-agent)
      build_make bpf "BPF objects"
      build_make native "self-test program"
      publish Hud.NodeAgent hud-agent "$kind" ;;
    hud) publish Hud.Cli hud "$kind"; cp scripts/kubectl-hud scripts/kubectl_complete-hud out/ ;;
    hud-operator) publish Hud.Operator hud-operator "$kind" ;;
  esac
done
say "up to date:$(for program in "${programs[@]}"; do printf ' out/%s (%s)' "$program" "$(du -h "out/$program" | cut -f1)"; done)"
