#compdef custctl
# Completion of custctl for zsh: in a folder of $fpath by the name _custctl, or sourced after compinit.
#
# custctl gets the line up to the cursor and answers with whole words and what they are.

_custctl() {
    local entry value
    local -a answer whole begun
    answer=("${(@f)$(CUSTCTL_COMPLETE="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" command custctl 2>/dev/null)}")
    if [[ $answer[1] == files ]]; then
        [[ $PREFIX == --*=* ]] && compset -P 1 '*='
        _files
        return
    fi
    for entry in "${(@)answer[2,-1]}"; do
        value=${entry%%$'\t'*}
        entry="${value//:/\\:}:${entry#*$'\t'}"
        # A word that ends so is gone on with: no space behind it.
        if [[ $value == *[:=/,] ]]; then begun+=("$entry"); else whole+=("$entry"); fi
    done
    _describe -V custctl whole -- begun -S ''
}

if [[ $funcstack[1] == _custctl ]]; then
    _custctl "$@"
else
    compdef _custctl custctl
fi
