"""The engine at work, for somebody who sees it for the first time: a node, and people around it."""
