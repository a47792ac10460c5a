"""Goes through the folders that make.ts wrote and holds log-probabilities against the engine's."""

import json
import pathlib
import sys
from collections.abc import Callable

import numpy as np

BOUND = 2e-5  # float32 in another order of summing


class NotOpened(Exception):
    """The program says that it does not know such a model: it says so itself, and nothing wrong is computed."""


def compare(program: str, logps_of: Callable[[pathlib.Path, list[int]], np.ndarray]) -> None:
    """logps_of(folder, ids): log-probabilities of ids[1:], float. Exits with 1 where one differs by more than BOUND."""
    opened: dict[str, float] = {}
    folders = sorted(path.parent for path in pathlib.Path(sys.argv[1]).glob("*/expected.json"))
    for folder in folders:
        expected = json.loads((folder / "expected.json").read_text())
        try:
            error = float(np.abs(logps_of(folder, expected["ids"]) - np.array(expected["logps"])).max())
        except NotOpened as reason:
            print(f"{folder.name:28} not opened: {reason}", flush=True)
            continue
        opened[folder.name] = error
        print(f"{folder.name:28} {error:.1e}{'' if error <= BOUND else '  TOO LARGE'}", flush=True)
    agree = [error for error in opened.values() if error <= BOUND]
    print(f"{program}: {len(agree)} of {len(folders)} folders agree, worst of them {max(agree, default=float('nan')):.1e}")
    sys.exit(len(agree) < len(opened) or not agree)
