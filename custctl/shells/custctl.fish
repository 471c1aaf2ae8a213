# Completion of custctl for fish: ~/.config/fish/completions/custctl.fish, or sourced.
#
# custctl gets the line up to the cursor and answers with whole words and what they are, or leaves it to fish.

function __custctl_answer
    set --local --export CUSTCTL_COMPLETE (commandline --current-process --cut-at-cursor | string collect)
    set --global __custctl_answer (command custctl 2>/dev/null)
    test "$__custctl_answer[1]" != files
end

complete --command custctl --condition __custctl_answer --no-files --keep-order --arguments '$__custctl_answer[2..-1]'
