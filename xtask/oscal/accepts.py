"""Does compliance-trestle, a reader of OSCAL that is not ours, accept what we export?

usage: accepts.py FILE…   exit status 1: a file that it refuses, or that differs after it has read and written it.
"""

import json
import sys
from pathlib import Path

from trestle.oscal.catalog import Catalog
from trestle.oscal.mapping import MappingCollection
from trestle.oscal.profile import Profile

MODELS = {"catalog": Catalog, "profile": Profile, "mapping-collection": MappingCollection}


def check(path: Path) -> str:
    """Reads and writes one file; returns what is wrong with it, or nothing."""
    ours = json.loads(path.read_text(encoding="utf-8"))
    member = next(iter(ours))
    try:
        model = MODELS[member].oscal_read(path)
    except Exception as error:  # noqa: BLE001 - whatever it says is the answer
        return f"refused: {error}"
    if model is None:
        return "refused without a reason"
    theirs = json.loads(model.oscal_serialize_json())
    return difference(ours, theirs, "")


def difference(ours, theirs, at: str) -> str:
    """The first place where two documents differ; moments may be spelt otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(set(ours) | set(theirs)):
            if name == "last-modified":
                continue
            found = difference(ours.get(name), theirs.get(name), f"{at}/{name}")
            if found:
                return found
        return ""
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs)):
            found = difference(one, other, f"{at}/{index}")
            if found:
                return found
        return ""
    return "" if ours == theirs else f"{at}: {ours!r} became {theirs!r}"


def main() -> int:
    faults = 0
    for name in sys.argv[1:]:
        fault = check(Path(name).resolve())
        print(f"  {name}: {fault or 'accepted'}")
        faults += bool(fault)
    return 1 if faults or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
