"""The store: the one door through which state changes, on Redis and in memory.

Reading order: `keys.py` (what lies where), `records.py` (how a record lies there), `memory_store.py` (the
semantics, in a screen or two of Python), `commit.lua` (the same as one Redis script), then how a node gets
there: `redis_link.py`, `feed.py`, `redis_store.py`. Nothing here knows what a call is for; nothing here
imports an actor.
"""
