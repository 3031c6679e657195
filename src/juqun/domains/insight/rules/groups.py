"""How a group is doing, from how it moved."""

from juqun.domains.insight.types import GroupTrend


def trend(*, members: int, joined: int, left: int) -> GroupTrend:
    """Return the trend of a group: empty, growing, shrinking or steady; moves within the period against each other."""
    if members == 0:
        return GroupTrend.EMPTY
    if joined == left:
        return GroupTrend.STEADY
    return GroupTrend.GROWING if joined > left else GroupTrend.SHRINKING
