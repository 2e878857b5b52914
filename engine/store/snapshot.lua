#!lua flags=no-writes
-- Everything a channel holds, with the number of its last message, as one consistent view.
--
-- KEYS[1]  the pool's prefix
-- ARGV     1  channel    "feed", or "node:<node>"
--          2  node       "" for the feed; else whose sessions, and the calls these name
--
-- Answers  seq rev era {ref {field, value, ...} ...}; a record that is no hash is left out

local prefix, channel, node = KEYS[1], ARGV[1], ARGV[2]
local refs, seen, records = {}, {}, {}
if node == '' then
  refs = redis.call('SMEMBERS', prefix .. 'records')
else
  refs = redis.call('ZRANGE', prefix .. 'sessions:' .. node, 0, -1)
end

local function hold(ref)
  if seen[ref] then return nil end
  seen[ref] = true
  local hash = redis.pcall('HGETALL', prefix .. ref)
  if hash.err or #hash == 0 then return nil end
  records[#records + 1] = ref
  records[#records + 1] = hash
  return hash
end

for _, ref in ipairs(refs) do
  local hash = hold(ref)
  if hash and node ~= '' then
    for k = 1, #hash, 2 do
      if hash[k] == 'call' then hold('call:' .. hash[k + 1]) end
    end
  end
end

return {
  redis.call('GET', prefix .. 'seq:' .. channel) or '0',
  redis.call('GET', prefix .. 'rev') or '0',
  redis.call('GET', prefix .. 'era') or '',
  records,
}
