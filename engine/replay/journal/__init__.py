"""What the journal tells: why a call went as it did, what a day came to, and the day itself as a scenario."""
