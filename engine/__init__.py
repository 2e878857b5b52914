"""Giliran: a real-time auto-assignment engine for video calls. Read ARCHITECTURE.md first."""

__version__ = "0.1.0"
