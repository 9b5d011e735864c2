"""Golden files: what a person reads, kept beside the code and read in the diff."""

import os
from pathlib import Path

HERE = Path(__file__).parent


def assert_golden(name: str, text: str) -> None:
    """Compare with the golden file; ``SEAWALL_GOLDEN=renew`` writes it instead."""
    file = HERE / name
    if os.environ.get("SEAWALL_GOLDEN") == "renew":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), f"{name} is missing: SEAWALL_GOLDEN=renew pytest …"
    assert text == file.read_text(encoding="utf-8"), f"if the new {name} is better, renew it"
