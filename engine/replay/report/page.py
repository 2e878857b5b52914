"""The pages: of one replay, and of several side by side."""

from engine.replay.report.compare_page import compare_page
from engine.replay.report.replay_page import replay_page

__all__ = ["compare_page", "replay_page"]
