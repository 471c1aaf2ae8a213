"""The program's door. `--version` is answered before anything is imported; everything else goes to the app."""

import os
import sys


def main() -> None:
    """Run custctl with the arguments of the process, and end the process with its exit code."""
    try:
        if sys.argv[1:] == ["--version"]:
            os._exit(_print_version())
        import gc

        # Start-up makes many objects and no garbage; the app switches collection on when the work starts.
        gc.disable()
        from custctl.app import run

        run(sys.argv[1:])
    except KeyboardInterrupt:  # before the app could take it
        os._exit(130)
    except BaseException as error:  # noqa: BLE001 - Python would exit 1, which means "no"
        os._exit(_uncaught(error))


def _uncaught(error: BaseException) -> int:
    """Say what ended the program before or behind the place where errors end, in one line; the exit code, 70."""
    words = f"error: custctl has a bug ({type(error).__name__})"
    if isinstance(error, ImportError):
        words = f"error: custctl is not installed completely: {error.name or 'a module'} cannot be imported"
    try:
        print(words, file=sys.stderr, flush=True)  # noqa: T201 - nothing else may have been imported
        if os.environ.get("CUSTCTL_DEBUG"):
            import traceback

            traceback.print_exception(error)
    except (AttributeError, OSError):
        pass
    return 70


def _print_version() -> int:
    from custctl import __version__

    text = f"custctl {__version__}\n"
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (AttributeError, OSError) as error:  # closed, broken or full; what is careful takes time to import
        from custctl import streams

        if isinstance(error, OSError):
            return streams.told(error)
        streams.prepare()
        return streams.answer(text)
    return 0


if __name__ == "__main__":
    main()
