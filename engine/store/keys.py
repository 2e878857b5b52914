"""The Redis key schema, described once. Every key of a pool begins `giliran:{pool}:`.

The braces put a pool into one cluster slot. Below, `<ref>` is `call:<id>`, `agent:<sub>`,
`customer:<sub>` or `queue:<name>`; `<node>` is one boot of a node, `<name>-<boot>`.

    <ref>              hash     one record: a field per attribute, and `in`: the indexes it stands in
    records            set      every ref there is
    <index>            zset     ref -> score, for each index that `model.indexes` names:
      waiting:<queue>             waiting calls -> due - band * 10^13
      offered connected ended     other calls -> since
      agents ready                agents -> since, ready ones -> idle since
      customers                   customers -> 0
      queues                      gates that supervisors moved -> since
      sessions:<node>             whose sockets that node holds -> 0
      deadlines                   any record -> the instant at which time moves it
    nodes              hash     node -> beat; -1 = condemned
    leader             hash     epoch, nonce, token ("<epoch>:<nonce>"), node, beat, at (when it beat)
    era                string   random, made when absent: a store that came back empty has a new one
    rev                string   how many changes were committed in this era
    skew               string   pool time = Redis TIME + skew, ms
    seq:<channel>      string   messages published on that channel so far
    ops:<boot>         hash     n -> rev: receipts of that boot's ops, until acknowledged;
                                 gone a day after the boot was buried
    journal            stream   rev, op, facts (a JSON list): one entry per change
    confirm            string   counts confirmations, where commits wait for a replica

Channels `feed` and `node:<node>` carry `<seq> <rev> <op> <records as JSON>`, and node channels also
signals, `signal <to> <body as JSON>`; a signal has no number, because a lost one is never made up for.
"""

from attrs import field, frozen

FEED = "feed"
#: The field of a record's hash that names the indexes it stands in, separated by blanks.
IN = "in"
#: The beat of a condemned node.
CONDEMNED = -1


def node_channel(node: str) -> str:
    """The channel of records whose sockets `node` holds."""
    return f"node:{node}"


@frozen
class Keys:
    """The keys of one pool."""

    pool: str
    prefix: str = field(init=False)

    @prefix.default
    def _prefix(self) -> str:
        return f"giliran:{{{self.pool}}}:"

    def of(self, name: str) -> str:
        """The full key (or channel) of a name in the schema."""
        return self.prefix + name
