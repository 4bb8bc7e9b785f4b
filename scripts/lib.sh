# Shared by our scripts: messages, and where things are kept. Source it, do not run it.

hud_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
hud_cache="${HUD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hud}"

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then hud_bold=$'\e[1m' hud_red=$'\e[31m' hud_plain=$'\e[0m'
else hud_bold='' hud_red='' hud_plain=''; fi

# say TEXT: one progress line. On stderr, so that stdout stays the result.
say() { printf '%s==>%s %s\n' "$hud_bold" "$hud_plain" "$*" >&2; }

# fail TEXT [NEXT STEP]: what went wrong, what to do about it, and out.
fail() {
  printf '%serror:%s %s\n' "$hud_red" "$hud_plain" "$1" >&2
  [ -z "${2:-}" ] || printf '  next: %s\n' "$2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# usage_of SCRIPT: the comment block at the top of a script is its help.
usage_of() { sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$1"; }

# locked_packages product|all: fetches the packages that the programs, or these and the tests are made of, and fails when one has another
# content than the lock file in packages/ says. Before any other restore: that one takes what it finds, and a package's own targets run in the build.
locked_packages() {
  [ "${packages_locked:-}" != "$1" ] || return 0
  local project; project="$(echo packages/"$1"/*.csproj)"
  run_logged out/logs/packages.log "packages" dotnet restore "$project" --force -v quiet ||
    fail "a package is not the one that packages/$1/packages.lock.json names" "docs/development.md, \"A package\""
  packages_locked="$1"
}

# run_logged LOG WHAT COMMAND...: quiet when it works, the log's end when it does not.
run_logged() {
  local log="$1" what="$2" started=$SECONDS; shift 2
  mkdir -p "$(dirname "$log")"
  say "$what"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    grep -E '(error|Error|ERROR)' "$log" | sort -u | head -20 >&2
    printf -- '--- last lines of %s\n' "$log" >&2; tail -n 15 "$log" >&2
    return 1
  fi
  [ $((SECONDS - started)) -lt 5 ] || say "$what: done in $((SECONDS - started)) s"
}
