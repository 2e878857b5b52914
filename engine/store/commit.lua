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
--                             indexes ("name score name score ...", score in decimal),
--                             fields (how many; 0 = delete), then field, value, ...
--
-- Answers   ok rev | again rev | era | reaped | conflict {failed guards, 1-based} {ref {field, value, ...} ...}
--
-- Order: arguments and types are validated before the first write, so that no error leaves half a change.
-- Acknowledged receipts go first, whatever follows. An op already done gets its receipt again before its
-- node, guards and versions are judged: they may well have moved since. Numbers of more than 14 digits never
-- pass through tostring or cjson: scores, versions and ids are strings from end to end.
-- The first line makes the server itself refuse the script, before it runs, when it is out of memory, a
-- replica, cannot persist, or lacks replicas.

local prefix, era, node, boot, n = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local OPS_KEPT_S = 86400

local at = 9
local function take()
  local value = ARGV[at]
  if not value then error({err = 'ERR giliran: an argument is missing'}) end
  at = at + 1
  return value
end
local function count()
  local value = take()
  if not value:match('^%d+$') then error({err = 'ERR giliran: a count is not a number'}) end
  return tonumber(value)
end
local function words(text)
  local list = {}
  for word in text:gmatch('%S+') do list[#list + 1] = word end
  return list
end

-- Validate.
local guards, writes, seen = {}, {}, {}
for i = 1, count() do
  guards[i] = {ref = take(), field = take(), value = take()}
end
for i = 1, count() do
  local write = {ref = take(), version = take(), stamp = take(), indexes = words(take()), hash = {}}
  for k = 1, 2 * count() do write.hash[k] = take() end
  if seen[write.ref] then error({err = 'ERR giliran: a record is written twice'}) end
  seen[write.ref] = true
  if not write.version:match('^%d+$') then error({err = 'ERR giliran: a version is not a number'}) end
  for k = 1, #write.indexes, 2 do
    if not (write.indexes[k + 1] or ''):match('^-?%d+$') then
      error({err = 'ERR giliran: a score is not a number'})
    end
  end
  writes[i] = write
end
if at ~= #ARGV + 1 or not n:match('^%d+$') or boot == '' or node == '' then
  error({err = 'ERR giliran: the arguments do not add up'})
end

-- Judge: the store, the op, the node.
if redis.call('GET', prefix .. 'era') ~= era then return {'era'} end
local ops = prefix .. 'ops:' .. boot
local acknowledged = words(ARGV[5])
local done = redis.call('HGET', ops, n)
if #acknowledged > 0 then redis.call('HDEL', ops, unpack(acknowledged)) end
if done then return {'again', done} end
local beat = redis.call('HGET', prefix .. 'nodes', node)
if not beat or beat == '-1' then return {'reaped'} end

-- Judge: guards, versions and stamps.
local failed, differing = {}, {}
for i, guard in ipairs(guards) do
  if (redis.call('HGET', prefix .. guard.ref, guard.field) or '') ~= guard.value then
    failed[#failed + 1] = tostring(i)
  end
end
for _, write in ipairs(writes) do
  local held = redis.call('HMGET', prefix .. write.ref, 'version', 'stamp', 'in')
  write.stands = words(held[3] or '')
  if (held[1] or '0') ~= write.version or (held[2] or '') ~= write.stamp then
    differing[#differing + 1] = write.ref
    differing[#differing + 1] = redis.call('HGETALL', prefix .. write.ref)
  end
  for k = 1, #write.indexes, 2 do redis.call('ZSCORE', prefix .. write.indexes[k], write.ref) end
  for _, index in ipairs(write.stands) do redis.call('ZSCORE', prefix .. index, write.ref) end
end
if #failed > 0 or #differing > 0 then return {'conflict', failed, differing} end

-- Write.
for _, write in ipairs(writes) do
  for _, index in ipairs(write.stands) do redis.call('ZREM', prefix .. index, write.ref) end
  redis.call('DEL', prefix .. write.ref)
  if #write.hash > 0 then
    redis.call('HSET', prefix .. write.ref, unpack(write.hash))
    redis.call('SADD', prefix .. 'records', write.ref)
    for k = 1, #write.indexes, 2 do
      redis.call('ZADD', prefix .. write.indexes[k], write.indexes[k + 1], write.ref)
    end
  else
    redis.call('SREM', prefix .. 'records', write.ref)
  end
end
local rev = string.format('%.0f', redis.call('INCR', prefix .. 'rev'))
redis.call('HSET', ops, n, rev)
redis.call('EXPIRE', ops, OPS_KEPT_S)
local op = boot .. ':' .. n
redis.call('XADD', prefix .. 'journal', '*', 'rev', rev, 'op', op, 'facts', ARGV[6])
for _, channel in ipairs(words(ARGV[8])) do
  local seq = string.format('%.0f', redis.call('INCR', prefix .. 'seq:' .. channel))
  redis.call('PUBLISH', prefix .. channel, seq .. ' ' .. rev .. ' ' .. op .. ' ' .. ARGV[7])
end
return {'ok', rev}
