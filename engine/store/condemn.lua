#!lua
-- Refuse a boot from now on, or forget a condemned boot that holds nothing; for the leader only.
-- Its receipts are kept for another day, which is far longer than anybody sends an op again.
--
-- KEYS[1]  the pool's prefix
-- ARGV     1  node      <name>-<boot>
--          2  token     the leader's
--          3  what      "condemn" or "bury"
-- Answers  conflict (another leads) | ok {refs whose sockets it held}

local prefix, node, token, what = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if token == '' or redis.call('HGET', prefix .. 'leader', 'token') ~= token then return {'conflict'} end
local held = redis.call('ZRANGE', prefix .. 'sessions:' .. node, 0, -1)
if what == 'condemn' then
  redis.call('HSET', prefix .. 'nodes', node, '-1')
elseif #held == 0 and redis.call('HGET', prefix .. 'nodes', node) == '-1' then
  redis.call('HDEL', prefix .. 'nodes', node)
  redis.call('DEL', prefix .. 'seq:node:' .. node)
  redis.call('EXPIRE', prefix .. 'ops:' .. node:match('[^-]*$'), 86400)
end
return {'ok', held}
