#!lua
-- Raise a node's beat; register it the first time. A boot that was condemned, or buried, is reaped.
-- Its receipts outlive its last beat by a day, which is far longer than anybody sends an op again.
--
-- KEYS[1]  the pool's prefix
-- ARGV     1  node
--          2  boot
--          3  first     "1": this boot was never registered in this era
-- Answers  reaped | ok {node, beat, ...}

local nodes = KEYS[1] .. 'nodes'
local beat = redis.call('HGET', nodes, ARGV[1])
if beat == '-1' or (not beat and ARGV[3] ~= '1') then return {'reaped'} end
redis.call('HINCRBY', nodes, ARGV[1], 1)
redis.call('EXPIRE', KEYS[1] .. 'ops:' .. ARGV[2], 86400)
return {'ok', redis.call('HGETALL', nodes)}
