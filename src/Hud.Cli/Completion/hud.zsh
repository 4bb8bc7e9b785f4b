#compdef hud
# Completion of hud for zsh. Load it after compinit with: source <(hud completion zsh)
_hud() {
  local line="hud ${(j: :)words[2,CURRENT-1]}"
  [[ $line == *' ' ]] || line+=' '
  line+="$PREFIX"
  local -a candidates
  candidates=("${(@f)$(${~words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)}")
  candidates=(${candidates:#/*})
  [[ $PREFIX == -* ]] || candidates=(${candidates:#-*})
  # Where hud has nothing to offer, files are.
  if (( $#candidates )); then compadd -a candidates; else _files; fi
}
compdef _hud hud
