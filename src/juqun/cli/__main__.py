"""`python -m juqun.cli`, the same as `juqun`."""

from juqun.cli import main

main()
