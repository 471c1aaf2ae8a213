# Completion of custctl for bash, with or without the package bash-completion.
#
# custctl gets the line up to the cursor and answers with whole words. Of a word, bash replaces only $2, what stands
# behind the last of its COMP_WORDBREAKS; `:`, `=` and `@` are among them.

_custctl() {
    local line=${COMP_LINE:0:COMP_POINT} kind='' head='' value word quoted
    COMPREPLY=()
    if [[ $3 == [\<\>]* ]]; then
        kind=files
    else
        while IFS=$'\t' read -r value word; do
            if [[ -z $kind ]]; then
                kind=$value head=${word%"${2//\\/}"}
                continue
            fi
            value=${value:${#head}}
            printf -v quoted %q "$value"
            quoted=${quoted//\\,/,}
            # Behind an open quote nothing can be quoted once more.
            [[ ${line%"$2"} == *[\"\'] && $quoted != "$value" ]] && continue
            # A word that ends so is gone on with: no space behind it.
            [[ $value == *[:=/,] ]] && compopt -o nospace 2>/dev/null
            COMPREPLY+=("$quoted")
        done < <(CUSTCTL_COMPLETE=$line command custctl 2>/dev/null)
    fi
    [[ $kind == files ]] && compopt -o default 2>/dev/null
    return 0
}

# The order of the answer is meant; bash before 4.4 sorts it.
complete -o nosort -F _custctl custctl 2>/dev/null || complete -F _custctl custctl
