# Completion of hud for fish. Load it with: hud completion fish | source
function __hud_candidates
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l line (string join ' ' -- hud $words "$word")
    set -l found (eval (string escape -- $program) "'[suggest:"(string length -- "$line")"]'" (string escape -- "$line") 2>/dev/null | string match -r '^[^/].*')
    string match -q -- '-*' "$word"; or set found (string match -rv '^-' -- $found)
    # Where hud has nothing to offer, files are.
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$word"
    end
end
complete -c hud -f -a '(__hud_candidates)'
