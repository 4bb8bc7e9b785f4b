# Completion of hud for bash. Load it with: source <(hud completion bash)
_hud() {
  local word="${COMP_WORDS[COMP_CWORD]}" line=hud candidate i
  for ((i = 1; i < COMP_CWORD; i++)); do
    # bash takes --output=json for three words
    [ "${COMP_WORDS[i]}" = = ] || line+=" ${COMP_WORDS[i]}"
  done
  [ "$word" != = ] || word=''
  line+=" $word"
  COMPREPLY=()
  # Not compgen -W: it would expand what a candidate holds.
  while IFS= read -r candidate; do
    [ -n "$candidate" ] || continue
    case "$candidate" in
      "$word"*) case "$word" in -*) ;; *) case "$candidate" in -*|/*) continue ;; esac ;; esac
        COMPREPLY+=("$candidate") ;;
    esac
  done < <("${COMP_WORDS[0]/#\~/$HOME}" "[suggest:${#line}]" "$line" 2>/dev/null)
}
# Where hud has nothing to offer, files are.
complete -o bashdefault -o default -F _hud hud
