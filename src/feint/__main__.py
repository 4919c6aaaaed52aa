"""The command line `feint`, also as `python -m feint`: it can be stopped from the first moment on."""

import signal

from feint.interrupts import raise_or_leave, stopped


def main() -> None:
    """Run the command line; Ctrl-C, also twice in a row, is one line and exit code 130."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored
        signal.signal(signal.SIGINT, raise_or_leave)
    try:
        from feint.commands.cli import main as run

        run()
    except KeyboardInterrupt:
        stopped()


if __name__ == "__main__":
    main()
