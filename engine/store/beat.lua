#!lua
-- Raise a node's beat; register it the first time. A boot that was condemned, or buried, is reaped.
--
-- KEYS[1]  the pool's prefix
-- ARGV     1  node
--          2  first     "1": this boot was never registered in this era
-- Answers  reaped | ok {node, beat, ...}

local nodes = KEYS[1] .. 'nodes'
local beat = redis.call('HGET', nodes, ARGV[1])
if beat == '-1' or (not beat and ARGV[2] ~= '1') then return {'reaped'} end
redis.call('HINCRBY', nodes, ARGV[1], 1)
return {'ok', redis.call('HGETALL', nodes)}
