"""Promises about speed: each script runs ours beside what one would pick instead, in one run, and ends with one line of figures."""
