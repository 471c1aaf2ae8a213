"""The program's door. `--version` is answered before anything is imported; everything else goes to the app."""

import sys


def main() -> None:
    """Run custctl with the arguments of the process, and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from custctl import __version__

        sys.stdout.write(f"custctl {__version__}\n")
        return
    import gc

    # Start-up makes many objects and no garbage; the app switches collection on when the work starts.
    gc.disable()
    from custctl.app import run

    run(sys.argv[1:])


if __name__ == "__main__":
    main()
