"""Seawall secures containers through their whole life, from the host."""

__version__ = "0.1.0"
