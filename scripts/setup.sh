#!/bin/sh
# Sets everything up on a fresh Debian machine with python3, make and a C compiler. Safe to run again.
set -eu
PYTHON="${PYTHON:-python3}"
VENV="${VENV:-.venv}"

say() { printf '\033[1m%s\033[0m\n' "$*"; }

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Juqun needs Python 3.11 or newer; '$PYTHON' is not. Name another one: make setup PYTHON=python3.12" >&2
    exit 1
fi

# System packages: a browser and Chinese fonts for browser tests and screenshots, PostgreSQL's binaries for the cluster tests.
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$(find /usr/share/fonts -iname 'NotoSansCJK*' -print -quit 2>/dev/null)" ] || missing="$missing fonts-noto-cjk"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing system packages:$missing"
        export DEBIAN_FRONTEND=noninteractive
        # Installing PostgreSQL must not start a server of its own; the tests start theirs.
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
        apt-get update -qq
        # shellcheck disable=SC2086 - a list of words is meant
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "Not installed, and only root may install them. Please run once (or ask your administrator to):" >&2
        echo "    sudo apt-get install --no-install-recommends$missing" >&2
        echo "Going on without: what needs them will say so." >&2
    fi
fi

if [ ! -x "$VENV/bin/python" ]; then
    say "Making the virtual environment in $VENV"
    if ! "$PYTHON" -m venv "$VENV"; then
        echo "Could not make it. On Debian: apt-get install python3-venv" >&2
        exit 1
    fi
fi
say "Installing Python packages (about a minute the first time)"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
say "Installing front-end assets"
"$VENV/bin/python" scripts/assets.py
say "Compiling translations"
"$VENV/bin/python" scripts/messages.py compile
say "Ready. Try: make demo"
