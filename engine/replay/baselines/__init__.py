"""The two systems that came before, real enough to serve a day, so that what the engine changed is measured.

`polling` is the one that was replaced, `stream` the first step away from it. Both are a process of their own
over a Redis of their own, and differ from the engine only in how calls find agents and how people hear of it.
What a call and an agent may do, and what is told of it afterwards, is the same in all three: both make their
changes by the engine's own moves (`floor`) and keep the engine's own journal (`ledger`). So a difference
between results is one of dispatch, and not of how long wrap-up takes or what counts as abandoned.

    floor, ledger     the life of calls and agents by the engine's moves, kept in Redis by plain commands
    first_poll        who gets whom in the polling system; `polling` is its door, HTTP
    oldest_entry      who gets whom in the stream system; `stream` is its door, WebSocket
    page, http_line   a simulated person's page as the polling system had it
    process           start, ready line, drain

What both lack, beside what each says of itself: priorities, steps and preferred agents (`plain`); more than
one node; a store that may come and go. They begin with an empty store.
"""
