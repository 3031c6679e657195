"""A demo touches no folder but its own, no port that is taken, and leaves no process behind."""

import os
import socket
import time

import click
import pytest

from juqun_town import stage
from juqun_town.children import ChildError, Children, free_port


def test_a_folder_that_is_no_demos_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(click.ClickException, match="--data-dir"):
        stage.prepare(data_dir=tmp_path, port=0, emulator_port=0, keeps=False)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_demos_folder_is_made_anew_or_kept_beside(tmp_path):
    folder = tmp_path / "demo"
    first = stage.prepare(data_dir=folder, port=0, emulator_port=0, keeps=False)
    (folder / "old").touch()
    stage.prepare(data_dir=folder, port=0, emulator_port=0, keeps=True)
    assert (tmp_path / "demo.1" / "old").exists()
    assert not (folder / "old").exists()
    stage.prepare(data_dir=folder, port=0, emulator_port=0, keeps=False)
    assert first.environment["JUQUN_DATA_DIR"] == str(folder)
    assert first.environment["JUQUN_DATABASE_URL"] == ""


def test_a_taken_port_is_left_to_who_has_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_children_are_ended_and_one_that_dies_is_named(tmp_path):
    children = Children(tmp_path)
    with pytest.raises(ChildError, match="broken"):
        children.start("broken", ["no_such_module_at_all"], {}, "http://127.0.0.1:9/")
    children.stop()
    port = free_port(0)
    children.start("server", ["http.server", str(port), "--bind", "127.0.0.1"], {}, f"http://127.0.0.1:{port}/")
    (pid,) = (process.pid for process in children._running.values())
    children.stop()
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
