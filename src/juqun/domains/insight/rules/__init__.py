"""Pure statistics of the room: intervals, attribution, experiments. Each states the source of its numbers."""
