"""The outside world through which a chain talks to its customers: one folder per outside system."""
