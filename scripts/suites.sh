# Packages of Debian's other suites, downloaded and unpacked, never installed. Source it after lib.sh, do not run it.

# The address of the machine's own Debian mirror, as apt knows it.
mirror() {
  apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
    grep -Ev -- '(-security|-updates|-backports)( |$)|-security/ ' | awk '{print $1}' | sort | uniq -c | sort -rn | awk 'NR==1 {print $2}'
}

# private_apt TOOL ARGS...: apt with lists, state and sources of its own under $apt.
private_apt() {
  local tool="$1"; shift
  "$tool" -o Dir::Etc::sourcelist="$apt/suite.sources" -o Dir::Etc::sourceparts="$apt/none" -o Dir::State="$apt/state" \
    -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root \
    -o Acquire::Retries=3 "$@" </dev/null
}

# open_suite SUITE: sets $apt to a folder for it and reads the suite's package list. Remove the folder when done.
open_suite() {
  local suite="$1" uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  uri="$(mirror)"
  [ -n "$uri" ] || { apt-get update -q >/dev/null 2>&1 || true; uri="$(mirror)"; }
  [ -n "$uri" ] || fail "no Debian mirror among apt's sources" "check /etc/apt/sources.list*, then run apt-get update"
  apt="$hud_cache/apt/$suite.$$"
  mkdir -p "$apt/none" "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
  : >"$apt/status"   # as if nothing were installed: dependencies are followed to their end
  { printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite"
    [ ! -e "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"; } >"$apt/suite.sources"
  private_apt apt-get update -q >"$apt/update.log" 2>&1 || { tail -n 5 "$apt/update.log" >&2; fail "the package list of $suite could not be read" "see $apt/update.log"; }
}
