"""Actors: one trio task each, a bounded mailbox, no truth of their own; they decide by the domain."""
