"""The whole story on real parts, with fewer customers and less patience: Friday to Monday."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# A quiet machine needs a minute and a half; a busy one must not leave a stack behind.
SECONDS_MAX = 300
STOP_SECONDS = 60
CUSTOMERS = 2_000
SPEED = 6  # 338 seconds become 56


@dataclass(frozen=True)
class Ending:
    """How the command ended, what it told, and the report it wrote."""

    code: int
    told: str
    report: dict[str, Any]


@pytest.fixture(scope="module")
def ending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    # Not pytest's own folder: as root the server runs as a user who may not enter it.
    home = Path(tempfile.mkdtemp(prefix="holdfast-story-"))
    home.chmod(0o755)
    report = tmp_path_factory.mktemp("story") / "report.json"
    options = {"--home": home, "--report": report, "--customers": CUSTOMERS, "--speed": SPEED}
    command = [sys.executable, "-m", "holdfast", "demo", "--until-complete"]
    command += [str(word) for option in options.items() for word in option]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as demo:
        try:
            _, told = demo.communicate(timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            demo.send_signal(signal.SIGINT)  # as Ctrl-C: it stops what it started
            _, told = demo.communicate(timeout=STOP_SECONDS)
    assert report.exists(), told[-4_000:]
    yield Ending(demo.returncode, told, json.loads(report.read_text()))
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.timeout(SECONDS_MAX + STOP_SECONDS + 10)
@pytest.mark.requirement("AL-01")
@pytest.mark.requirement("AL-02")
@pytest.mark.requirement("AL-06")
@pytest.mark.requirement("AL-28")
@pytest.mark.requirement("TK-01")
@pytest.mark.requirement("XC-20")
def test_who_shall_be_lost_is_found_called_and_kept_from_signal_to_verified_order(
    ending: Ending,
) -> None:
    broken = [check for check in ending.report["checks"] if not check["holds"]]

    assert len(ending.report["checks"]) > 20
    assert broken == [], ending.told[-4_000:]
    assert ending.report["holds"]
    assert ending.code == 0
