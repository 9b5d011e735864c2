"""Patterns in which only ``*`` means something: any characters, also none."""

from fnmatch import fnmatchcase


def fits(text: str, pattern: str) -> bool:
    """Tell whether all of `text` is what `pattern` says; case counts.

    ``?`` and ``[…]`` stand for themselves: folders are called ``[id]``, too.
    """
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))
