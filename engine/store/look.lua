#!lua flags=no-writes
-- What a node compares every second: the store's era, clock and rev, and how many messages were published.
--
-- KEYS[1]  the pool's prefix
-- ARGV     channels
-- Answers  era, TIME {s, us}, skew (ms), rev, {seq of each channel}

local prefix, seqs = KEYS[1], {}
for i, channel in ipairs(ARGV) do seqs[i] = redis.call('GET', prefix .. 'seq:' .. channel) or '0' end
return {
  redis.call('GET', prefix .. 'era') or '',
  redis.call('TIME'),
  redis.call('GET', prefix .. 'skew') or '0',
  redis.call('GET', prefix .. 'rev') or '0',
  seqs,
}
