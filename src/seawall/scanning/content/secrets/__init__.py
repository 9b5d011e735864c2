"""Secrets: keys, tokens and passwords in files, in the image's environment and in its history.

Rules are data: ``rules/secrets/*.toml``. All are sought in one pass; what is found there is
confirmed around the place, judged, and told without the value.
"""

from seawall.scanning.content.secrets.detector import SecretsDetector
from seawall.scanning.content.secrets.rule import Confidence, Rule, RulesWrong, own_rules, parse

__all__ = ["Confidence", "Rule", "RulesWrong", "SecretsDetector", "own_rules", "parse"]
