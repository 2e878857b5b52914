"""Logs and metrics: how a node tells what it does. Never a token, never personal data."""
