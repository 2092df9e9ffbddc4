"""The sweep: what each version of Keras reads back, measured.

    python -m sweep --out FOLDER [--minutes 40] [--saved-models] [--only CLASS] [--every N] [KERAS...]

makes each writer's artifacts, loads them in its readers, and writes `sweep/observed/`. It goes on where it stopped:
what FOLDER has is not made again, and what was observed is not loaded again. Without FOLDER's content it goes on from
what is committed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sweep import observed
from sweep.plan import FILES, SAVED_MODELS, plan_of
from sweep.run import Run

# Readers that several writers have are started once for all of these.
WRITERS_IN_A_ROUND = 4


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where artifacts and results go; several gigabytes")
    parser.add_argument("--minutes", type=float, default=40.0, help="after how many minutes it stops; default: 40")
    parser.add_argument("--saved-models", action="store_true", help="SavedModels of each TensorFlow, instead of files")
    parser.add_argument("--observed", type=Path, help="default: sweep/observed, sweep/observed/saved_models")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CLASS",
        help="trials of this class or kind alone, as Attention or wrapper; repeatable; what was seen of others stays",
    )
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        metavar="N",
        help="make one of N trials, always the same, and load none: artifacts to judge by what was observed",
    )
    parser.add_argument("keras", nargs="*", metavar="KERAS", help="writers, such as 2.15; default: all")
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.plan = plan_of(SAVED_MODELS if options.saved_models else FILES)
    options.observed = options.observed or observed.folder_of(options.plan.what)
    unknown = sorted(set(options.keras) - set(options.plan.writers))
    if options.every < 1:
        parser.error(f"--every {options.every}: one of how many trials is made, 1 or more")
    if unknown:
        parser.error(f"no such writer: {', '.join(unknown)}; known are {', '.join(options.plan.writers)}")
    return options


def main() -> None:
    """Makes, loads, and writes what was observed, some writers at a time."""
    options = arguments()
    writers = options.keras or options.plan.writers
    end = time.monotonic() + 60 * options.minutes
    run = Run(options.plan, options.out, options.observed, end, options.only, options.every)
    left, done = 0, list[str]()
    # Of a few trials a load takes less time than the start of a reader.
    at_once = len(writers) if options.only else WRITERS_IN_A_ROUND
    for start in range(0, len(writers), at_once):
        if not run.is_over():
            made, unread = run.writers(writers[start : start + at_once])
            done, left = done + made, left + unread
    not_made = [writer for writer in writers if writer not in done]
    print(f"loads left: {left:,}; writers left: {', '.join(not_made) or 'none'}")


if __name__ == "__main__":
    main()
