"""The pure core: it decides everything and does nothing. No trio, Redis, clock, randomness or logging."""
