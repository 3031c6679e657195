"""A simulated town of customers and staff that drives the emulator and the public faces of Juqun."""
