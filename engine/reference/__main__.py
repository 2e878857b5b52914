"""Writes `giliran.d.ts` beside `giliran.js`: `python -m engine.reference FILE`."""

import sys
from pathlib import Path

from engine import __version__
from engine.reference.asyncapi import document
from engine.reference.typescript import typescript

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(typescript(document(__version__)), encoding="utf-8")
