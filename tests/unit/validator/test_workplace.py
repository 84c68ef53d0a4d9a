"""Folders of dead validators are removed, those of living ones never."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.validator import workplace
from services.validator.workplace import Workplace

ROOT = Path(workplace.__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from services.validator.workplace import Workplace

place = Workplace(Path(sys.argv[1]))
folder = place.open()
(folder / "job").mkdir()
(folder / "job" / "source").write_bytes(b"half a file")
print(folder, flush=True)
sys.stdin.read()
"""


@contextmanager
def another_validator(work_dir: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that works below the same folder; with the folder that is its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(work_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_what_a_killed_validator_left_goes_at_the_next_start(tmp_path: Path) -> None:
    with another_validator(tmp_path) as (process, left):
        process.kill()
        process.wait()
        assert (left / "job" / "source").exists()
        own = Workplace(tmp_path).open()
    assert not left.exists()
    assert list(tmp_path.iterdir()) == [own]


def test_a_living_validator_keeps_its_folder(tmp_path: Path) -> None:
    with another_validator(tmp_path) as (_, other):
        place = Workplace(tmp_path)
        own = place.open()
        assert own != other
        assert (other / "job" / "source").exists()
        place.close()
        assert list(tmp_path.iterdir()) == [other]


def test_a_drained_stop_leaves_nothing(tmp_path: Path) -> None:
    place = Workplace(tmp_path / "work")
    own = place.open()
    (own / "job").mkdir()
    place.close()
    assert not own.exists()
    place.close()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    others = tmp_path / "photos"
    others.mkdir()
    (tmp_path / "validator-notes.txt").write_text("no folder")
    own = Workplace(tmp_path).open()
    assert sorted(tmp_path.iterdir()) == sorted([own, others, tmp_path / "validator-notes.txt"])


def test_a_folder_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    shutil.rmtree(place.open())
    with place.folder("job") as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_a_new_folder_that_another_took_for_rubbish_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Workplace._claim
    taken: list[Path] = []

    def late(place: Workplace, folder: Path) -> None:
        if not taken:
            taken.append(folder)
            Workplace(tmp_path).open()
        claim(place, folder)

    monkeypatch.setattr(Workplace, "_claim", late)
    own = Workplace(tmp_path).open()
    assert own.exists()
    assert not taken[0].exists()


def test_a_new_folder_that_was_removed_before_it_was_held_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = workplace._locked
    removed: list[Path] = []

    def too_late(folder: Path) -> int | None:
        lock = locked(folder)
        if not removed:
            removed.append(folder)
            shutil.rmtree(folder)
        return lock

    monkeypatch.setattr(workplace, "_locked", too_late)
    own = Workplace(tmp_path).open()
    assert own.exists()
    assert own != removed[0]
