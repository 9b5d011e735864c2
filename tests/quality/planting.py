"""Secrets for the gate, made with the image: nothing in the repository looks like one.

In a recipe's text ``{{b64 40}}`` stands for 40 characters of that alphabet, ``{{}}`` for nothing;
``{{github ghp_}}`` for a token with the checksum that GitHub and npm append (CRC-32 in base 62).
The same path gives the same text each time.
"""

import base64
import random
import re
import string
import zlib

_ALNUM = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ALPHABETS = {
    "alnum": _ALNUM,
    "b64": string.ascii_letters + string.digits + "+/",
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + "234567",
    "url": string.ascii_letters + string.digits + "-_",
}
_PLACE = re.compile(r"\{\{(?:(\w+) ([^{}]+))?\}\}")


def planted(path: str, text: str) -> bytes:
    """Return the content of a file, each place filled."""
    chance = random.Random(path)

    def filled(place: re.Match[str]) -> str:
        kind, argument = place[1], place[2]
        match kind:
            case None:
                return ""
            case "github":
                body = "".join(chance.choices(_ALNUM, k=30))
                return argument + body + _base62(zlib.crc32(body.encode()))
            case "lines":  # base64 as PEM has it, 64 a line
                count = int(argument)
                lines = ("".join(chance.choices(_ALPHABETS["b64"], k=64)) for _ in range(count))
                return "\n".join(lines)
            case "login":
                word = "".join(chance.choices(_ALNUM, k=20))
                return base64.b64encode(f"{argument}:{word}".encode()).decode()
            case "filler":
                return "var a=function(b){return b+1};" * int(argument)
            case _:
                return "".join(chance.choices(_ALPHABETS[kind], k=int(argument)))

    return _PLACE.sub(filled, text).encode()


def _base62(number: int) -> str:
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = _ALNUM[rest] + digits
    return digits
