"""Every bound of the outer surface: a name, a unit and a reason each.

At a bound the answer is explicit (an error code, a close code, 503), never silence. Durations of the
business (ring, wrap-up, grace) are not here: they are the bank's and stand in `rules`.
"""

import re

# Names and texts ---------------------------------------------------------------------------------------

#: Every id that enters from outside. It is also safe as part of a key, a file name and a log line.
ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

#: A client's own mark on a frame, echoed in the answer.
REF_CHARS = 64

#: A person's name as shown to the other side.
NAME_CHARS = 100

#: One attribute's value: a segment, a language, a branch.
VALUE_CHARS = 256

#: A rating's comment or an agent's notes: a paragraph, stored with the call.
TEXT_CHARS = 2_000

#: All agents' notes of one call: it may be passed on for ever, and is sent to every node whenever it changes.
NOTES_CHARS = 20_000

#: The version of a consent text, such as "2025-03.1".
VERSION_CHARS = 64

#: A login token: claims of a few hundred bytes plus an RSA signature stay far below.
TOKEN_CHARS = 8_192

#: A resume token: eight short claims and a signature.
RESUME_CHARS = 2_048

#: Skills a call may need, or an agent may have: more is a mistake, and each costs matching time.
SKILLS = 20
#: Agents of a large bank carry more skills than one call needs.
AGENT_SKILLS = 200
QUEUES = 200
LEVEL_MAX = 100
ATTRIBUTES = 32
#: By how much a supervisor may move a call: an hour is as good as any place in a line.
PRIORITISE_MS = 3_600_000

# Frames ------------------------------------------------------------------------------------------------

#: No frame of ours comes near; a session description does, hence the exception for `signal`.
MESSAGE_BYTES = 16 * 1024
SIGNAL_BYTES = 64 * 1024

#: Nesting of a frame's JSON; the deepest of ours is 3, an ICE candidate adds 2.
JSON_DEPTH = 32

#: Integers beyond this are not exact in the clients' doubles.
INTEGER_MAX = 2**53 - 1

#: Browsers send a message of 64 KB in one frame; a proxy may cut it into a few.
FRAGMENTS = 20
#: A message begun must be finished within this.
FRAGMENTS_S = 10.0

#: Bad frames within `OFFENCE_MEMORY_S` before the socket is closed (4000). The first never is.
OFFENCES = 3
OFFENCE_MEMORY_S = 60.0

#: Messages a client may send: a second's rate, and how many at once (ICE candidates come in bursts).
MESSAGES_PER_S = 20.0
MESSAGES_BURST = 100.0
#: A board is shown whole this often at most: a page asks once a link, and again after a gap.
WATCH_EVERY_S = 1.0
#: Refusals (`too_fast`) before the socket is closed (4008).
TOO_FAST_REFUSALS = 20

#: WebSocket pings and pongs a client may send: browsers send none of their own.
CONTROLS_PER_S = 5.0
CONTROLS_BURST = 50.0

# Connections -------------------------------------------------------------------------------------------

#: From TCP accept to the end of the HTTP upgrade.
HANDSHAKE_S = 5.0
#: An upgrade request with cookies and tokens of a bank's gateway fits in 8 KB.
HEAD_BYTES = 8 * 1024
HEADERS = 64
#: From the upgrade to a `hello`.
HELLO_S = 5.0
#: Frames go out in pieces of at most this: a board of a large bank is a megabyte, a phone's link slow.
PIECE_BYTES = 16 * 1024
#: One piece to a client that reads at all.
WRITE_S = 5.0
#: From the decision to close until the TCP connection is gone, whatever the peer does.
CLOSE_S = 2.0
#: How long a refused upgrade may take to read its answer.
LINGER_S = 1.0

#: Frames waiting for one client; a page that keeps up never has more than a handful.
OUTBOX_FRAMES = 64
#: Requests waiting for one session's actor.
MAILBOX_REQUESTS = 16
#: Signals waiting for it: a peer sends its ICE candidates, a few dozen, in one burst.
MAILBOX_SIGNALS = 64

#: A link that is silent this long is asked whether it lives; mobile carriers forget one after 30 s.
PING_EVERY_S = 15.0
#: How long the answer may take.
PONG_S = 10.0
#: After an offer the question is asked at once: is the agent really there?
OFFER_PONG_S = 3.0
#: How exactly the deadlines above are kept on a socket: one look at all sockets this often.
SWEEP_EVERY_S = 0.25

#: Sockets of one person (browser tabs): the newest session wins anyway.
SOCKETS_PER_IDENTITY = 5
#: Sockets of one node; each costs about 30 kB and a file descriptor.
SOCKETS = 10_000
#: Connections beyond it that are told so (503) before they are closed unheard.
REFUSALS_AT_ONCE = 64
#: What a refused client is told to wait; clients add jitter.
RETRY_AFTER_S = 5

#: Accepting rests this long when the process is out of file descriptors.
ACCEPT_REST_S = 0.1

#: After a drain is announced, clients reconnect elsewhere at a random moment within this.
DRAIN_SPREAD_MS = 2_000

# Tokens ------------------------------------------------------------------------------------------------

#: A working day and its overtime; a longer life is a forgotten token.
TOKEN_LIFE_S = 24 * 3600
#: Clocks of the bank's identity server and of a node may differ by this when a token's start is judged.
TOKEN_LEEWAY_S = 30
#: A resume token outlives any reconnect; `call.position` renews it.
RECEIPT_LIFE_MS = 600_000
