"""Moves: pure functions from records to a `Change`, grouped by who may make them.

`customer`: what the customer does. `agent`: what the agent does. `time`: what time and rules do. `parts`:
the pieces they share. Each raises `Refused` with the wire's code where a client asked for what cannot be.
"""
