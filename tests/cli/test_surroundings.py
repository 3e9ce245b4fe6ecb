"""What a command meets: streams that are full or closed, terminals, signals, and a home that cannot be written to."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from outcomes import Run

from bayesdensity import cli
from bayesdensity.base.errors import Stopped, printable
from bayesdensity.base.progress import saying
from bayesdensity.cli.common import resumable
from bayesdensity.cli.surroundings import heeding_signals, keep_compiled
from bayesdensity.render.blocks import Paragraph, Table
from bayesdensity.render.text import to_text


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line in which $B is the command."""
    known = {**os.environ, "B": f"{sys.executable} -m bayesdensity", **environment}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=known, timeout=120, check=False)


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def app(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(cli, "app", app)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
@pytest.mark.parametrize("command", ["studies", "--help"])
def test_a_full_output_is_one_line_and_exit_2(command: str) -> None:
    done = shell(f"$B {command} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "error: standard output: No space left on device.\n"


def test_a_closed_output_is_one_line_and_exit_2() -> None:
    done = shell("$B studies >&-")
    assert done.returncode == 2 and done.stderr.startswith("error: standard output: it is closed")
    assert done.stderr.count("\n") == 1


def test_where_nobody_listens_to_errors_the_status_stays() -> None:
    assert shell("$B summary nowhere.nc 2>&-").returncode == 2
    assert shell("$B summary nowhere.nc 2>/dev/full").returncode == 2


def test_a_reader_that_has_enough_is_no_error() -> None:
    done = shell("$B studies | true; echo ${PIPESTATUS[0]}")
    assert done.stdout == "141\n" and done.stderr == ""


def test_what_a_terminal_cannot_print_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "z.toml").write_text('extends = "densing-law"\ntitle = "Zw\u00f6lf \u2192"\n', encoding="utf-8")
    done = shell(f"$B show {tmp_path / 'z.toml'}", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stdout.startswith("Zw\\xf6lf \\u2192") and done.stderr == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EACCES, "Permission denied", "x.csv"), "error: x.csv: Permission denied."),
        (OSError(errno.ENAMETOOLONG, "File name too long", "a" * 5000), "no such file; the name is too long."),
        (OSError("odd\nwords"), "error: odd words."),
        (MemoryError(), "error: not enough memory."),
        (RecursionError("deep"), "error: what was given is nested too deeply."),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "error: a text that is no UTF-8"),
    ],
)
def test_what_the_machine_refuses_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    raising(monkeypatch, error)
    outcome = run("studies")
    assert outcome.status == 2 and said in outcome.err and outcome.err.count("\n") == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_as_an_interrupt_does(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, status: int
) -> None:
    def app(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr(cli, "app", app)
    before = signal.getsignal(number)
    outcome = run("studies")
    assert (outcome.status, outcome.err) == (status, "stopped; nothing was written.\n")
    assert signal.getsignal(number) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heeding_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_says_how_to_go_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as raised, resumable("fits", tmp_path):
        raise Stopped(signal.SIGTERM)
    assert raised.value.code == 143
    assert f"stopped; what was finished stays in {tmp_path}" in capsys.readouterr().err


def test_a_home_that_cannot_be_written_to_keeps_compiled_models_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".pytensor").touch()  # as good as read-only, for the super-user too
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTENSOR_FLAGS", "cxx=g++")
    keep_compiled()
    flags = os.environ["PYTENSOR_FLAGS"]
    assert flags.startswith("cxx=g++,base_compiledir=") and Path(flags.partition("compiledir=")[2]).is_dir()
    keep_compiled()
    assert os.environ["PYTENSOR_FLAGS"] == flags


HOSTILE = "a\x1b[2J\r\b\x9b\u202eb\u2066\u200b\ud800"
SHOWN = "a\\x1b[2J\\x0d\\x08\\x9b\\u202eb\\u2066\\u200b\\ud800"


def test_control_characters_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert printable(HOSTILE) == SHOWN and printable("a\nb") == "a\nb"
    with saying() as tell:
        tell(HOSTILE)
    assert capsys.readouterr().err == SHOWN + "\n"


def test_a_name_moves_no_line_of_a_table() -> None:
    hostile = HOSTILE.removesuffix("\ud800")  # no table holds that
    rows = pd.DataFrame({hostile: [f"x\n{hostile}"], "n": [1]})
    text = to_text([Table("t", "Caption.", rows), Paragraph("End.")])
    assert f"x\\x0a{printable(hostile)}" in text and all(line.isprintable() for line in text.split("\n"))


def test_an_argument_that_is_no_text_is_refused(run: Run) -> None:
    outcome = run("summary", "fit\udcff.nc")
    assert outcome.status == 2 and "no text in UTF-8: 'fit\\udcff.nc'" in outcome.err


def test_nothing_heavy_is_imported_to_refuse() -> None:
    requests = (["summary", "no.nc"], ["law", "no.csv"], ["fit", "no"], ["report", "no.nc"], ["calibrate", "no"])
    for words in requests:
        code = (
            "import sys\nfrom bayesdensity.cli import main\n"
            f"try: main({words!r})\n"
            "except SystemExit: print(sorted({'pymc', 'pytensor', 'pandas', 'xarray', 'pandera'} & {*sys.modules}))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == "[]\n", words
