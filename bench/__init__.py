"""What the engine costs beside what it stands on, measured in one run on one machine.

Each figure of the engine has a floor that the same client measured in the same run: a bare trio-websocket
server for frames and memory, the store's own commit for latency. Absolute figures belong to the machine they
were taken on; what can be compared between machines, and what the aims speak of, are the ratios.

The servers are processes of their own and this process is the load, so that each has a core. Every
measure is bounded in count or time and repeated; what is printed is the median and the range of the repeats.

Reading order: `figures.py` (what is reported), `link.py` and `people.py` (the load), `servers.py` (who is
measured), `floor.py` and `house.py` (the measures), `__main__.py` (the run). Of the wallboard: `board.py`
(the run), `sightings.py` (what is reckoned), `pool.py` and `traffic.py` (the load), `screen.py` and
`screen.js` (the page in its browser). What each figure means is in `README.md`.
"""
