"""Real artifacts of every format with bytes changed, parts moved and ends cut: does reading each end as it should?

    python benchmarks/mutated_files.py [N] [--seed 0] [--zoo FOLDER]

Each of N files is read, judged for a runtime, searched for unsafe content and written as a page, in this process. An
end is an inventory or one sentence; any other exception, a dead process, and more than five seconds are failures. The
artifacts are those that `tests/artifacts/zoo.py` has TensorFlow save, into FOLDER if it is given and not there yet.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pytest_modelcompat.artifacts import BrokenArtifactError, Inventory  # noqa: E402 - of this checkout
from pytest_modelcompat.cli.inventories import with_inventory  # noqa: E402
from pytest_modelcompat.compatibility.check import check_compatibility  # noqa: E402
from pytest_modelcompat.compatibility.unsafe import unsafe_content  # noqa: E402
from pytest_modelcompat.profiles.store import load_profile  # noqa: E402
from pytest_modelcompat.report.inventory import inspect_page  # noqa: E402

if TYPE_CHECKING:
    from types import FrameType

MOST_SECONDS = 5.0
# So many files are read in one process, which a dead one takes with it.
AT_ONCE = 500
LARGEST = 1 << 20
UNEXPECTED = "contains something that no version of Keras writes"
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1)


class TooSlowError(BaseException):
    """One file took more than its time."""


def artifacts_of(zoo: Path) -> list[tuple[Path, Path]]:
    """Each artifact, and each of its files that is changed."""
    found = []
    for artifact in sorted([*zoo.iterdir(), *(zoo / "others").iterdir(), *(zoo / "others").glob("*/*")]):
        files = [artifact] if artifact.is_file() else [each for each in artifact.rglob("*") if each.is_file()]
        found += [(artifact, file) for file in files if 0 < file.stat().st_size <= LARGEST]
    return found


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Data with one to eight changes."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at, size = chance.randrange(len(out) + 1), chance.choice((1, 2, 4, 8, 64))
        kind = chance.randrange(7)
        if kind == 0:
            out[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            width = min(size, 8)
            out[at : at + width] = (chance.choice(NUMBERS) % (1 << 8 * width)).to_bytes(width, "little")
        elif kind == 2:
            del out[at : at + size]
        elif kind == 3:
            start = chance.randrange(len(out) + 1)
            out[at:at] = out[start : start + size]
        elif kind == 4 and out:
            place = min(at, len(out) - 1)
            out[place] ^= 1 << chance.randrange(8)
        elif kind == 5 and chance.random() < 0.2:
            del out[at:]
        else:
            out[at:at] = chance.randbytes(size)
    return bytes(out)


def outcome(artifact: Path) -> str:
    """How reading and judging an artifact ends, in one word."""
    profile = load_profile("tf2.21")

    def work(inventory: Inventory) -> str:
        unsafe = unsafe_content(inventory)
        check_compatibility(inventory, profile)
        "\n".join(inspect_page(inventory, unsafe, (), nbytes=0))
        return "read"

    try:
        return with_inventory(artifact, work)
    except BrokenArtifactError as error:
        if UNEXPECTED in str(error):
            return f"unexpected {type(error.__cause__).__name__}"
        return "several lines" if "\n" in str(error) else "refused"


def timed(artifact: Path) -> str:
    """The outcome, or what went wrong."""

    def too_slow(_: int, __: FrameType | None) -> None:
        raise TooSlowError

    signal.signal(signal.SIGPROF, too_slow)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        return outcome(artifact)
    except TooSlowError:
        return "FAILED: slow"
    except Exception:  # noqa: BLE001 - that is what is looked for
        return "FAILED: " + traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def read_some(files: list[tuple[Path, Path]], seeds: range, keep: Path) -> Counter[str]:
    """Changes and reads a file for each seed, in this process; what fails is kept."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        for seed in seeds:
            chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
            artifact, file = chance.choice(files)
            copy = Path(temporary) / artifact.name
            shutil.copytree(artifact, copy) if artifact.is_dir() else shutil.copyfile(artifact, copy)
            changed = copy / file.relative_to(artifact) if artifact.is_dir() else copy
            changed.write_bytes(mutated(file.read_bytes(), chance))
            ended = timed(copy)
            found[ended] += 1
            if ended.startswith(("FAILED", "unexpected")):
                keep.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(changed, keep / f"{seed}-{file.name}")
            shutil.rmtree(copy) if copy.is_dir() else copy.unlink()
    return found


def in_child(files: list[tuple[Path, Path]], seeds: range, keep: Path) -> Counter[str]:
    """The same in a process of its own, whose death counts."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "w") as out:
            json.dump(read_some(files, seeds, keep), out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        text = answers.read()
    os.waitpid(child, 0)
    return Counter(json.loads(text)) if text else Counter({f"FAILED: died among {seeds}": 1})


def main() -> int:
    """Changes and reads them all, and prints how that ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--zoo", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        zoo = options.zoo or Path(temporary) / "zoo"
        if not zoo.is_dir():
            zoo.mkdir()
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            subprocess.run([sys.executable, ROOT / "tests/artifacts/zoo.py", zoo], env=environment, check=True)
        files, found = artifacts_of(zoo), Counter[str]()
        keep = Path(tempfile.gettempdir()) / "mutated-files-that-failed"
        for start in range(options.seed, options.seed + options.count, AT_ONCE):
            found += in_child(files, range(start, min(start + AT_ONCE, options.seed + options.count)), keep)
    print(f"{found.total():,} changed files of {len(files)} files in artifacts of {len({a for a, _ in files})} kinds")
    for ended, number in found.most_common():
        print(f"{number:>8,}  {ended}")
    return 1 if any(ended.startswith("FAILED") for ended in found) else 0


if __name__ == "__main__":
    sys.exit(main())
