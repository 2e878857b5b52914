#!lua
-- Bid for the lead: renew it, take it over, or look who has it. Also hand it over, and set the pool's skew.
--
-- A takeover compares only what was seen, (epoch, nonce, beat): no TTL and no clock decides. `at` is pool
-- time by the leader's own clock, kept for whoever follows.
--
-- KEYS[1]  the pool's prefix
-- ARGV     1  what      "bid", "resign" or "skew"
--          2  nonce     the bidder's
--   bid    3  node   4  at (pool time)   5  seen: "<epoch> <beat> <nonce>", or ""
--   resign           (if the nonce leads)
--   skew   3  old    4  new   (if the nonce leads and the skew is still old)
-- Answers  1 or 0 (whether it leads, or was done), {the stored leader's fields} before, and after

local prefix, what, nonce = KEYS[1], ARGV[1], ARGV[2]
local key = prefix .. 'leader'
local before = redis.call('HGETALL', key)
local stored = redis.call('HMGET', key, 'epoch', 'nonce', 'beat')
local epoch, leads, beat = stored[1] or '0', stored[2] or '', stored[3] or '0'
local mine = leads ~= '' and leads == nonce

if what == 'skew' then
  local set = mine and (redis.call('GET', prefix .. 'skew') or '0') == ARGV[3]
  if set then redis.call('SET', prefix .. 'skew', ARGV[4]) end
  return {set and 1 or 0, before, before}
end
if what == 'resign' then
  if mine then redis.call('HSET', key, 'nonce', '', 'token', '', 'node', '') end
  return {mine and 1 or 0, before, redis.call('HGETALL', key)}
end
if mine then
  redis.call('HINCRBY', key, 'beat', 1)
  redis.call('HSET', key, 'at', ARGV[4])
elseif leads == '' or ARGV[5] == epoch .. ' ' .. beat .. ' ' .. leads then
  epoch = string.format('%.0f', redis.call('HINCRBY', key, 'epoch', 1))
  redis.call('HSET', key, 'nonce', nonce, 'token', epoch .. ':' .. nonce, 'node', ARGV[3])
  redis.call('HSET', key, 'beat', '0', 'at', ARGV[4])
  mine = true
end
return {mine and 1 or 0, before, redis.call('HGETALL', key)}
