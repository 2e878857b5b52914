"""What serving a day cost: requests, store commands, processor time, bytes. Measured from outside."""

from attrs import frozen


@frozen(kw_only=True)
class Cost:
    """Totals of a live replay, from second 0 to the end of the day; of its servers alone, not of its people.

    `http_requests`: requests answered over HTTP. `store_commands`: commands the store carried out, those of
    scripts among them. `cpu_s`: user and system time of the serving processes and the store. `bytes_in`,
    `bytes_out`: what the serving processes received from and sent to clients.
    """

    http_requests: int = 0
    store_commands: int = 0
    cpu_s: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
