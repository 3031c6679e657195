"""`python -m benchmarks [name]`: all of them in turn, or one. Names that only run when asked for are marked long."""

import importlib
import pkgutil
import subprocess
import sys

import benchmarks


def names() -> list[str]:
    """The scripts beside this file; a trailing underscore of a module (import_) is not part of its name."""
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )


def main(wanted: list[str]) -> int:
    """Run each wanted benchmark in a process of its own."""
    known = {name.rstrip("_"): name for name in names()}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    chosen = wanted or [
        name
        for name, module in known.items()
        if not getattr(importlib.import_module(f"benchmarks.{module}"), "LONG", False)
    ]
    failed = 0
    for name in chosen:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{known[name]}"], check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
