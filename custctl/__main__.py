"""The program's door. `--version` is answered before anything is imported; everything else goes to the app."""

import _signal  # type: ignore[import-not-found] # what `signal` is made of; that one would be a millisecond later
import os
import sys


def main() -> None:
    """Run custctl with the arguments of the process, and end the process with its exit code."""
    _end_on_signals()
    try:
        if sys.argv[1:] == ["--version"]:
            os._exit(_print_version())
        import gc

        # Start-up makes many objects and no garbage; the app switches collection on when the work starts.
        gc.disable()
        from custctl.app import run

        run(sys.argv[1:])
    except KeyboardInterrupt:  # of Python's own, where the handler below was not set
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


def _end_on_signals() -> None:
    """Let a signal that comes while the program loads end it with the code and the words of a later one.

    A signal that is switched off stays so. The app sets handlers of its own when it is loaded.
    """
    for number, before, code, words in (
        (_signal.SIGINT, _signal.default_int_handler, 130, b"\ninterrupted; nothing was changed\n"),
        (_signal.SIGTERM, _signal.SIG_DFL, 143, b"terminated; nothing was changed\n"),
        (_signal.SIGHUP, _signal.SIG_DFL, 143, b"terminated; nothing was changed\n"),
    ):
        if _signal.getsignal(number) != before:
            continue

        def end(_number: int, _frame: object, code: int = code, words: bytes = words) -> None:
            try:
                os.write(2, words)
            finally:
                os._exit(code)

        _signal.signal(number, end)


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
