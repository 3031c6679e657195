"""The self-check of the connection, for the console's page and `juqun doctor`: line by line what was tried, seen, and to be done."""

from juqun.channels.wecom.operations.checks.run import check_names, run_check, run_checks

__all__ = ["check_names", "run_check", "run_checks"]
