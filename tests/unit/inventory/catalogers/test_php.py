import json

import pytest

from seawall.inventory.catalogers.php import COMPOSER, COMPOSER_LOCK
from seawall.model import Package
from tests.unit.inventory.catalogers.locks import DATA, facts, recorded

PATH = "srv/app/vendor/composer/installed.json"
FOUND = ["acme/theme dev-main", "monolog/monolog 2.0.0", "psr/container 1.1.1", "twig/twig 3.3.8"]


def test_composer_names_what_it_installed() -> None:
    found = facts(COMPOSER, (DATA / "php/composer/installed.json").read_bytes(), PATH)
    packages = [fact for fact in found if isinstance(fact, Package)]
    assert sorted(f"{package.name} {package.version}" for package in packages) == FOUND
    assert not any(package.locked for package in packages)


def test_a_lock_file_names_the_same() -> None:
    assert sorted(recorded(COMPOSER_LOCK, "php/composer.lock")) == FOUND


def test_composer_1_writes_a_list() -> None:
    content = json.dumps([{"name": "Twig/Twig", "version": "V1.0.0"}, 1, {"name": "x"}])
    assert facts(COMPOSER, f"\n{content}", PATH) == [Package("composer", "twig/twig", "1.0.0")]


def test_only_a_tag_s_letter_is_cut_from_a_version() -> None:
    content = json.dumps([{"name": "a/b", "version": "vendor-branch"}])
    assert facts(COMPOSER, content, PATH) == [Package("composer", "a/b", "vendor-branch")]


def test_a_damaged_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        facts(COMPOSER, b'{"packages": [', PATH)
