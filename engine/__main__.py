"""`python -m engine` is `giliran`."""

from engine.cli import main

if __name__ == "__main__":
    main()
