"""The inside of sending, used by operations and jobs of this room only: reach, pressure ledger, calls, results, ends."""
