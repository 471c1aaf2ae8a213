"""The scripts by which shells complete commands, options and values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from custctl.commands._command import Call, command, group
from custctl.result import Result

app = group("completion", "Completion.")

Shell = Literal["bash", "zsh", "fish"]
SCRIPTS = Path(__file__).parents[1] / "shells"


@command(
    app,
    "completion",
    examples=(
        "custctl completion bash > ~/.local/share/bash-completion/completions/custctl",
        "custctl completion zsh > ~/.zfunc/_custctl  # a folder of $fpath",
        "custctl completion fish > ~/.config/fish/completions/custctl.fish",
        'eval "$(custctl completion bash)"  # for this shell only',
    ),
)
def completion(
    call: Call,  # noqa: ARG001 - every command takes the call
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="The shell.")],
) -> Result:
    """Print the script by which a shell completes commands, options and values on TAB."""
    return Result({"text": (SCRIPTS / f"custctl.{shell}").read_text()}, "text")
