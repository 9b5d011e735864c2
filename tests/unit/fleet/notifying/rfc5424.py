"""A strict parser of RFC 5424, section 6: the grammar as it stands there, and nothing else."""

import re
from dataclasses import dataclass

_PRINT = r"[\x21-\x7e]"
_SD_NAME = r"(?:(?![=\] \"])[\x21-\x7e]){1,32}"
_TIMESTAMP = (
    r"-|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_HEADER = re.compile(
    rf"<(?P<pri>0|[1-9]\d{{0,2}})>(?P<version>[1-9]\d{{0,2}}) (?P<timestamp>{_TIMESTAMP}) "
    rf"(?P<host>-|{_PRINT}{{1,255}}) (?P<app>-|{_PRINT}{{1,48}}) (?P<proc>-|{_PRINT}{{1,128}}) "
    rf"(?P<msgid>-|{_PRINT}{{1,32}}) "
)
_ID = re.compile(_SD_NAME)
_PARAM = re.compile(rf' ({_SD_NAME})="((?:[^"\\\]]|\\["\\\]]|\\(?!["\\\]]))*)"')


@dataclass
class Parsed:
    facility: int
    severity: int
    timestamp: str
    host: str
    app: str
    msgid: str
    data: dict[str, list[tuple[str, str]]]
    text: str


def parse(raw: bytes) -> Parsed:
    """Raises AssertionError for whatever is not exactly RFC 5424."""
    head, bom, message = raw.partition(b" \xef\xbb\xbf")
    assert bom, "no BOM"
    line = head.decode("utf-8", "strict")
    header = _HEADER.match(line)
    assert header, line
    assert header["version"] == "1"
    assert int(header["pri"]) <= 191
    rest = line[header.end() :]
    data: dict[str, list[tuple[str, str]]] = {}
    while rest:
        assert rest[0] == "[", rest
        name = _ID.match(rest, 1)
        assert name, rest
        assert "@" in name[0] or name[0] in ("timeQuality", "origin", "meta")
        assert name[0] not in data, "an SD-ID stands once"
        position, parameters = name.end(), []
        while found := _PARAM.match(rest, position):
            parameters.append((found[1], re.sub(r'\\(["\\\]])', r"\1", found[2])))
            position = found.end()
        assert rest[position] == "]", rest[position:]
        data[name[0]] = parameters
        rest = rest[position + 1 :]
    text = message.decode("utf-8", "strict")
    priority = int(header["pri"])
    return Parsed(
        priority // 8,
        priority % 8,
        header["timestamp"],
        header["host"],
        header["app"],
        header["msgid"],
        data,
        text,
    )
