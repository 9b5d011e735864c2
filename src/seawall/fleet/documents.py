"""Values of ours as bytes in a column, and back, whatever texts are in them.

MessagePack takes texts that are UTF-8. Those of images need not be; see `databases.text`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from seawall.fleet.databases.text import MARK, original, plain

_T = TypeVar("_T")
_MARK = MARK.encode()
_encoder = msgspec.msgpack.Encoder()


def packed(value: object) -> bytes:
    """Return a value as bytes: equal ones of a type, and no others, have equal bytes."""
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError:
        data = _MARK
    if _MARK in data:
        plainly = msgspec.to_builtins(value, builtin_types=(bytes,))
        data = _encoder.encode(_each_text(plainly, plain))
    return data


def unpacked(data: bytes, decoder: msgspec.msgpack.Decoder[_T]) -> _T:
    """Return what `packed` was given, of the decoder's type.

    Raises:
        ValueError: `data` is nothing of it.
    """
    try:
        if _MARK not in data:
            return decoder.decode(data)
        marked = msgspec.msgpack.decode(data)
        return msgspec.convert(_each_text(marked, original), decoder.type)
    except (msgspec.MsgspecError, RecursionError, TypeError) as error:
        raise ValueError(str(error)) from error


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of numbers, texts, lists and dicts with each text changed."""
    match value:
        case str():
            return change(value)
        case list() | tuple():
            return [_each_text(each, change) for each in value]
        case dict():
            return {_each_text(k, change): _each_text(v, change) for k, v in value.items()}
    return value
