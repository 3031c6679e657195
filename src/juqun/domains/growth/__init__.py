"""Recruiting: live codes per store and source, the scans that came through them, recruits counted by source.

It does not own friendship itself (members) nor the greeting (robot). Nouns: live code, state (the opaque string that the
channel carries from the code to the friendship), source, scan, unknown scan (a friendship whose state nobody here knows).
"""
