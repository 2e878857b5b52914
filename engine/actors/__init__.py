"""Actors: one trio task each, a bounded mailbox, no truth of their own. They decide by the domain and commit."""
