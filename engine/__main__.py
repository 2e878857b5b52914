"""`python -m engine` is `giliran`. Whoever stops it is told so, also while it is still being imported."""

import sys

from engine.interrupts import STATUS, is_interrupt


def main(arguments: list[str] | None = None) -> None:
    """Run the command of `arguments` (the process's own) and exit with its status."""
    try:
        from engine.cli import main as run

        run(arguments)
    except BaseException as error:
        if not is_interrupt(error):
            raise
        print("giliran: stopped", file=sys.stderr)
        sys.exit(STATUS)


if __name__ == "__main__":
    main()
