"""The gateway: sockets, tokens and JSON here, sessions and notices there. It decides nothing."""
