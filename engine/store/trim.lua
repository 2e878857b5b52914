#!lua
-- Drop the journal's entries that are older than the retention, by the clock that named them.
--
-- KEYS[1]  the pool's prefix
-- ARGV     1  retention, ms
-- Answers  how many were dropped (whole blocks only, which is cheap)

local now_ms = tonumber(redis.call('TIME')[1]) * 1000
local oldest = string.format('%.0f', now_ms - tonumber(ARGV[1]))
return redis.call('XTRIM', KEYS[1] .. 'journal', 'MINID', '~', oldest)
