"""The HTTP side: health, metrics and pages. It reads and decides nothing."""
