#!lua
-- The one script through which state changes: all of a change, or nothing. It knows nothing of calls.
--
-- KEYS[1]  the pool's prefix, "giliran:{pool}:" (routes to the pool's slot; every key below begins with it)
-- ARGV     1  era             the era the caller believes in
--          2  node            the caller's node, as registered in `nodes`
--          3  boot            the caller's boot: its op is <boot>:<n>
--          4  n               the op's number, decimal
--          5  acknowledged    numbers of this boot's ops that will never be sent again, blank-separated
--          6  facts           the journal entry's facts, JSON
--          7  message         the new records, JSON
--          8  channels        the channels to publish on, blank-separated
--          9  guards          how many
--             per guard       ref, field, value ("" = the field is absent)
--          .  writes          how many
--             per write       ref, version and stamp that must be stored ("0", "" = absent),
--                             indexes (how many), then name, score (decimal), ...
--                             fields (how many; 0 = delete), then field, value, ...
--
-- Answers   ok rev | again rev | era | reaped | conflict {failed guards, 1-based} {ref {field, value, ...} ...}
--
-- Order: arguments and types are validated before the first write, so that no error leaves half a change.
-- A node that was buried is published to no more: records name it long after, and its channel stays gone.
-- Acknowledged receipts go first, whatever follows. An op already done gets its receipt again before its
-- node, guards and versions are judged: they may well have moved since. Numbers of more than 14 digits never
-- pass through tostring or cjson: scores, versions and ids are strings from end to end.
-- The first line makes the server itself refuse the script, before it runs, when it is out of memory, a
-- replica, cannot persist, or lacks replicas.

local prefix, era, node, boot, n = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call = redis.call
local at = 9

local function refuse(why)
  error({err = 'ERR giliran: ' .. why})
end
local function number()
  local value = tonumber((ARGV[at] or ''):match('^%d+$'))
  if not value then refuse('a count is not a number') end
  at = at + 1
  return value
end
local function words(text)
  local list = {}
  for word in text:gmatch('%S+') do list[#list + 1] = word end
  return list
end

-- Validate. A guard or write keeps where in ARGV it begins; `first` and `last` bound a list there.
local guards, writes, seen = {}, {}, {}
for i = 1, number() do
  guards[i], at = at, at + 3
end
for i = 1, number() do
  local write = {ref = ARGV[at] or '', version = ARGV[at + 1] or '', stamp = ARGV[at + 2]}
  if seen[write.ref] then refuse('a record is written twice') end
  if not write.version:match('^%d+$') then refuse('a version is not a number') end
  seen[write.ref], at = true, at + 3
  local indexes = number()
  write.indexes, at = {first = at, last = at + 2 * indexes - 1}, at + 2 * indexes
  for k = write.indexes.first, write.indexes.last, 2 do
    if not (ARGV[k + 1] or ''):match('^-?%d+$') then refuse('a score is not a number') end
  end
  local fields = number()
  write.hash, at = {first = at, last = at + 2 * fields - 1}, at + 2 * fields
  writes[i] = write
end
if at ~= #ARGV + 1 or not n:match('^%d+$') or boot == '' or node == '' then
  refuse('the arguments do not add up')
end

-- Judge: the store, the op, the node.
if call('GET', prefix .. 'era') ~= era then return {'era'} end
local ops = prefix .. 'ops:' .. boot
local acknowledged = words(ARGV[5])
local done = call('HGET', ops, n)
if #acknowledged > 0 then call('HDEL', ops, unpack(acknowledged)) end
if done then return {'again', done} end
local nodes = prefix .. 'nodes'
local beat = call('HGET', nodes, node)
if not beat or beat == '-1' then return {'reaped'} end

-- Judge: guards, versions and stamps; reading every index shows that it is one.
local failed, differing = {}, {}
for i, guard in ipairs(guards) do
  if (call('HGET', prefix .. ARGV[guard], ARGV[guard + 1]) or '') ~= ARGV[guard + 2] then
    failed[#failed + 1] = tostring(i)
  end
end
for _, write in ipairs(writes) do
  write.key = prefix .. write.ref
  local held = call('HMGET', write.key, 'version', 'stamp', 'in')
  write.stands, write.new = words(held[3] or ''), not held[1]
  if (held[1] or '0') ~= write.version or (held[2] or '') ~= write.stamp then
    differing[#differing + 1] = write.ref
    differing[#differing + 1] = call('HGETALL', write.key)
  end
  for k = write.indexes.first, write.indexes.last, 2 do call('ZSCORE', prefix .. ARGV[k], write.ref) end
  for _, index in ipairs(write.stands) do call('ZSCORE', prefix .. index, write.ref) end
end
if #failed > 0 or #differing > 0 then return {'conflict', failed, differing} end

-- Write.
for _, write in ipairs(writes) do
  local ref, hash = write.ref, write.hash
  for _, index in ipairs(write.stands) do call('ZREM', prefix .. index, ref) end
  call('DEL', write.key)
  if hash.last > hash.first then
    call('HSET', write.key, unpack(ARGV, hash.first, hash.last))
    if write.new then call('SADD', prefix .. 'records', ref) end
    for k = write.indexes.first, write.indexes.last, 2 do
      call('ZADD', prefix .. ARGV[k], ARGV[k + 1], ref)
    end
  else
    call('SREM', prefix .. 'records', ref)
  end
end
local rev = string.format('%.0f', call('INCR', prefix .. 'rev'))
call('HSET', ops, n, rev)
local op = boot .. ':' .. n
call('XADD', prefix .. 'journal', '*', 'rev', rev, 'op', op, 'facts', ARGV[6])
local tail = ' ' .. rev .. ' ' .. op .. ' ' .. ARGV[7]
for _, channel in ipairs(words(ARGV[8])) do
  local whose = channel:match('^node:(.*)$')
  if not whose or whose == node or call('HEXISTS', nodes, whose) == 1 then
    local seq = string.format('%.0f', call('INCR', prefix .. 'seq:' .. channel))
    call('PUBLISH', prefix .. channel, seq .. tail)
  end
end
return {'ok', rev}
