"""Replays recorded or imagined days against the real engine, in virtual time or live."""
