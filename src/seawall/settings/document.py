"""A YAML document as a tree whose values know their file, line and key.

The document is YAML 1.1 as PyYAML's safe loader reads it. Only its tree is taken, never its values,
so that each complaint can name the line, an alias within an alias stays as small as it is written,
and ``no`` is a word until somebody asks for a yes or no.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from difflib import get_close_matches

import yaml

from seawall.errors import UsageError

_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHIFTS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_SHOWN = 60  # characters of what is wrong


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a document. Every method raises `UsageError` where it is something else."""

    file: str  # as messages call it
    key: str  # under which it stands; for messages only
    node: yaml.Node
    hint: str  # of every complaint

    @property
    def line(self) -> int:
        """The line where it begins, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def where(self) -> str:
        """What each complaint about it begins with: ``FILE:LINE: KEY``."""
        return f"{self.file}:{self.line}: {_shown(self.key)}"

    @property
    def is_absent(self) -> bool:
        """Whether nothing was written: ``key:`` and the end of the line."""
        return isinstance(self.node, yaml.ScalarNode) and not self.node.value

    @property
    def is_off(self) -> bool:
        """Whether it is one of YAML's words for no, where something else could stand, too."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.value.lower() in _NO

    @property
    def is_list(self) -> bool:
        """Whether it is a list, of any length."""
        return isinstance(self.node, yaml.SequenceNode)

    def wrong(self, what: str, key: str = "") -> UsageError:
        """Return the complaint about it, or about another `key` at its place."""
        return UsageError(f"{self.renamed(key or self.key).where}: {what}", self.hint)

    def mapping(self, known: Sequence[str], required: Sequence[str] = ()) -> Mapping[str, "Value"]:
        """Return what stands under each of its keys, of which it has no other than the `known`."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong(f"must be keys and values ({', '.join(known)})")
        found: dict[str, Value] = {}
        for name_node, node in self.node.value:
            is_word = isinstance(name_node, yaml.ScalarNode)
            name = name_node.value if is_word else "a key that is no word"
            written = replace(self, node=name_node, key=name)
            if name not in known:
                meant = _meant(name, known)
                raise written.wrong(f"unknown key{meant}; {self.key} has {', '.join(known)}")
            if name in found:
                raise written.wrong("is there twice")
            found[name] = replace(self, node=node, key=name)
        for name in required:
            if name not in found:
                raise self.wrong(f"missing; {self.key} needs {', '.join(required)}", name)
        return found

    def renamed(self, key: str) -> "Value":
        """Return it with another word for it in messages: "a slack sink"."""
        return replace(self, key=key)

    def peek(self, name: str) -> "Value | None":
        """Return what stands under one key, whatever others there are; None where it is not."""
        if isinstance(self.node, yaml.MappingNode):
            for written, node in self.node.value:
                if isinstance(written, yaml.ScalarNode) and written.value == name:
                    return replace(self, node=node, key=name)
        return None

    def items(self, called: str) -> tuple["Value", ...]:
        """Return the items of a list, each under the key `called`."""
        if not self.is_list:
            raise self.wrong("must be a list")
        return tuple(replace(self, node=node, key=called) for node in self.node.value)

    def text(self) -> str:
        """Return a text that is not empty, without white space around it."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("must be one text")
        text = str(self.node.value).strip()
        if not text:
            raise self.wrong("is empty")
        if any("\ud800" <= letter <= "\udfff" for letter in text):  # "\ud800" can be written
            raise self.wrong("holds half a character, which nothing can write")
        return text

    def texts(self) -> tuple[str, ...]:
        """Return one text, or a list of some."""
        return tuple(item.text() for item in self.each())

    def each(self) -> tuple["Value", ...]:
        """Return the texts of a list that is not empty, or the only one, as values."""
        values = self.items(self.key) if self.is_list else (self,)
        for value in values:
            if not isinstance(value.node, yaml.ScalarNode):
                raise value.wrong("must be text, or a list of texts")
        if not values:
            raise self.wrong("is empty")
        return values

    def one_of(self, words: Sequence[str]) -> str:
        """Return the one of `words` that it is."""
        text = self.text()
        if text not in words:
            meant = _meant(text, words)
            raise self.wrong(f"{_shown(text)!r} is none of {', '.join(words)}{meant}")
        return text

    def flag(self) -> bool:
        """Return a yes or no, in any of YAML's words for them."""
        text = self.text().lower()
        if text not in (*_YES, *_NO):
            raise self.wrong(f"{_shown(text)!r} is neither true nor false")
        return text in _YES

    def number(self, least: float, most: float) -> float:
        """Return a number within both bounds, with or without a point."""
        text = self.text()
        if re.fullmatch(r"[+-]?[0-9]{0,18}\.?[0-9]{1,18}", text) and least <= float(text) <= most:
            return float(text)
        raise self.wrong(f"{_shown(text)!r} is no number from {least:g} to {most:g}")

    def duration(self, least: timedelta, most: timedelta) -> timedelta:
        """Return a duration as ``30s``, ``15m``, ``2h`` or ``1d`` within both bounds."""
        text = self.text()
        if found := re.fullmatch(r"([0-9]{1,9})([smhd])", text):
            duration = timedelta(seconds=int(found[1]) * _UNITS_S[found[2]])
            if least <= duration <= most:
                return duration
            raise self.wrong(f"{text} is not within {_in_words(least)} and {_in_words(most)}")
        raise self.wrong(f"{_shown(text)!r} is no duration; write it as 30s, 15m, 2h or 1d")

    def size(self, most: int) -> int:
        """Return bytes as ``500000`` or ``4G`` (powers of 1024), above zero."""
        text = self.text()
        if found := re.fullmatch(r"([0-9]{1,18})([kMGTmgt]?)", text):
            size = int(found[1]) << _SHIFTS[found[2].lower()]
            if 0 < size <= most:
                return size
            raise self.wrong(f"{text} is not within 1 and {most} bytes")
        raise self.wrong(f"{_shown(text)!r} is no size; write it as 500000, 64M or 4G")

    def clock(self) -> time:
        """Return a time of day as ``22:00``, from ``00:00`` to ``23:59``."""
        text = self.text()
        if found := re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text):
            return time(int(found[1]), int(found[2]))
        raise self.wrong(f"{_shown(text)!r} is no time of day; write it as 22:00")


def parse(file: str, data: bytes, hint: str) -> Value | None:
    """Return the top of a document; None where it is empty.

    The time it takes is in proportion to `data`, whose size the caller bounds.

    Raises:
        UsageError: it is no YAML, more than one document, or nested too deeply.
    """
    try:
        tree = yaml.compose(data.decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8", hint) from error
    except RecursionError as error:
        raise UsageError(f"{file}: nested too deeply", hint) from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{file}{line}: not YAML: {error.problem}", hint) from error
    # PyYAML lets Python's own errors through, for "\Uffffffff" or a version of 5,000 digits.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise UsageError(f"{file}: not YAML: {error}".partition("\n")[0], hint) from error
    return None if tree is None else Value(file, "the file", tree, hint)


def _meant(word: str, known: Sequence[str]) -> str:
    """Return ``, did you mean …?`` where a known word is close to one that is not."""
    close = get_close_matches(word[:_SHOWN], known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _in_words(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    unit = next(u for u in ("d", "h", "m", "s") if seconds % _UNITS_S[u] == 0)
    return f"{seconds // _UNITS_S[unit]}{unit}"


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
