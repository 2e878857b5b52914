"""What the nodes of these tests are told: a small bank, quick where a test has to wait."""

SETTINGS = """
[listen]
{listen}

[auth]
origins = [{origins}]

[cluster]
lease = "1s"
beat = "250ms"

[timings]
ask_every = "0s"
decline_rest = "2s"
{timings}

[limits]
position_every = "200ms"

[log]
format = "json"

[[tiers]]
name = "regular"
label = {{ id = "Reguler", en = "Regular" }}

[[tiers]]
name = "priority"
label = {{ id = "Prioritas", en = "Priority" }}

[[reasons]]
name = "break"
label = {{ id = "Istirahat", en = "Break" }}

[[reasons]]
name = "training"
label = {{ id = "Pelatihan", en = "Training" }}

[[dispositions]]
name = "solved"
label = {{ id = "Selesai", en = "Solved" }}

[[dispositions]]
name = "call_back"
label = {{ id = "Hubungi lagi", en = "Call back" }}

[[queues]]
name = "general"
label = {{ id = "Layanan umum", en = "General service" }}
ring = "20s"
wrap_up = "60s"

[[queues]]
name = "quick"
label = {{ id = "Layanan cepat", en = "Quick service" }}
ring = "2s"
wrap_up = "5s"

[[queues]]
name = "loans"
label = {{ id = "Pinjaman", en = "Loans" }}
ring = "20s"
wrap_up = "60s"

[[queues]]
name = "tiny"
label = {{ id = "Layanan kecil", en = "Tiny service" }}
max_waiting = 1

[[queues]]
name = "brief"
label = {{ id = "Layanan singkat", en = "Brief service" }}
max_wait = "1s"

[[queues]]
name = "shut"
label = {{ id = "Layanan tutup", en = "Shut service" }}
open = false

[[rules]]
when = {{ tier = "priority" }}
head_start = "90s"
"""


def settings(
    *, others: tuple[str, ...] = (), origins: tuple[str, ...] = (), timings: str = "", more: str = ""
) -> str:
    """The whole file. `others` are other nodes' WebSocket URLs; no `origins`: the node's own pages only.

    `timings` are lines of that table, `more` tables of their own.
    """
    listen = f"other_ws_urls = [{_texts(others)}]" if others else ""
    return SETTINGS.format(listen=listen, origins=_texts(origins), timings=timings) + more


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f'"{value}"' for value in values)
