"""Journeys across the rooms, over HTTP against the emulator."""
