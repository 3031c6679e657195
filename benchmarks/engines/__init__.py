"""What each engine under test needs to be asked the same things."""
