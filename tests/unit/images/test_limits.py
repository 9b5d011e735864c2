import re
from dataclasses import fields
from pathlib import Path

import pytest

from seawall.errors import LimitExceeded, UsageError
from seawall.images import Limits, Pattern, Selector, open_image
from seawall.images.limits import Budget
from seawall.model import ImageRef
from tests.unit.images.building import (
    INDEX,
    Built,
    Entry,
    archived,
    as_json,
    digest,
    layout,
    packed,
)


@pytest.mark.parametrize(
    ("setting", "field", "value"),
    [
        ("file_bytes=4G", "file_bytes", 4 << 30),
        ("file-bytes=4g", "file_bytes", 4 << 30),
        ("image_bytes=1T", "image_bytes", 1 << 40),
        ("entries=500000", "entries", 500_000),
        (" entries = 5k ", "entries", 5 << 10),
        ("ratio=2M", "ratio", 2 << 20),
    ],
)
def test_a_setting_changes_one_limit(setting: str, field: str, value: int) -> None:
    limits = Limits.parse([setting])
    assert getattr(limits, field) == value
    assert Limits.parse([]) == Limits()


def test_the_last_setting_of_a_limit_counts() -> None:
    assert Limits.parse(["depth=5", "nesting=2", "depth=6"]) == Limits(depth=6, nesting=2)


@pytest.mark.parametrize(
    "setting",
    [
        *("entries", "entries=", "entries=0", "entries=-1", "entries=1.5", "entries=k"),
        *("entries=1kk", "entries=1 k", "entries=0x10", "entries=\u0661", "entries=1_000"),
        "entries=" + "9" * 5000,
    ],
    ids=lambda setting: setting[:20],
)  # fmt: skip
def test_a_value_that_is_no_positive_number_is_refused(setting: str) -> None:
    with pytest.raises(UsageError, match="is no size") as refused:
        Limits.parse([setting])
    assert refused.value.hint


@pytest.mark.parametrize("setting", ["", "=1", "size=1", "Entries=1"])
def test_a_limit_that_does_not_exist_is_refused_with_those_that_do(setting: str) -> None:
    with pytest.raises(UsageError, match="no limit") as refused:
        Limits.parse([setting])
    assert "file_bytes" in refused.value.hint


def test_a_limit_itself_is_allowed() -> None:
    budget = Budget(Limits(entries=10, image_bytes=100))
    budget.spend_entries(4, "x")
    budget.spend_entries(6, "x")
    budget.spend_bytes(100, "x")
    with pytest.raises(LimitExceeded, match=r"^x: more than 10 entries \(entries\)"):
        budget.spend_entries(1, "x")
    with pytest.raises(LimitExceeded, match=r"^x: layers larger than 100 bytes \(image_bytes\)"):
        budget.spend_bytes(1, "x")


SELECTOR = Selector([Pattern("**/wanted")])


def read(source: str, path: Path, limits: Limits) -> None:
    with open_image(ImageRef(source, str(path)), limits) as opened:
        for reading in opened.layers(SELECTOR):
            list(reading.files)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(entries=11), "entries"),
        (Limits(image_bytes=20_000), "image_bytes"),
        (Limits(depth=3), "depth"),
    ],
)
@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_limit_concerns_all_layers_together_and_is_named(
    tmp_path: Path, limits: Limits, name: str, compression: str
) -> None:
    layers = [
        packed([Entry(f"{layer}/{number}") for number in range(9)] + [Entry("a/b/c/d/wanted")])
        for layer in range(2)
    ]
    path = tmp_path / "image.tar"
    path.write_bytes(archived(Built(layers, compression=compression).layout()))
    with pytest.raises(LimitExceeded, match=rf"\({name}\)") as refused:
        read("oci-archive", path, limits)
    assert "--limit" in refused.value.hint


def test_indexes_in_indexes_are_followed_only_so_far(tmp_path: Path) -> None:
    built = Built([packed([])])
    blobs, descriptor = built.blobs(), built.descriptor()
    for depth in range(1, 6):
        path = tmp_path / f"{depth}.tar"
        path.write_bytes(archived(layout(blobs, descriptor)))
        if depth <= 4:
            read("oci-archive", path, Limits())
        else:
            with pytest.raises(LimitExceeded, match=r"\(nesting\)"):
                read("oci-archive", path, Limits())
            read("oci-archive", path, Limits(nesting=5))
        index = as_json({"mediaType": INDEX, "manifests": [descriptor]})
        blobs[f"blobs/sha256/{digest(index).removeprefix('sha256:')}"] = index
        descriptor = {"mediaType": INDEX, "digest": digest(index), "size": len(index)}


def test_layers_without_number_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archived(Built([packed([])] * 20).skopeo()))
    with pytest.raises(LimitExceeded, match=r"20 layers \(entries\)"):
        read("docker-archive", path, Limits(entries=19))


def test_the_page_names_each_limit_with_its_default() -> None:
    root = Path(__file__).parents[3]
    told = {
        (page, row[1]): row[2].replace(",", "")
        for page in ("sources.md", "content.md")
        for row in re.finditer(
            r"^\| `(\w+)` \| ([\d,]+(?: [MG]iB)?) \|",
            (root / "docs" / page).read_text(),
            re.MULTILINE,
        )
    }
    units = {"MiB": 20, "GiB": 30}
    for (page, name), text in told.items():
        number, _, unit = text.partition(" ")
        assert int(number) << units.get(unit, 0) == getattr(Limits(), name), f"{page}: {name}"
    assert {name for page, name in told if page == "sources.md"} == {
        field.name for field in fields(Limits)
    }
