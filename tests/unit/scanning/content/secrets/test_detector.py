"""Values are made while the tests run: no file here holds what a scanner takes for a secret."""

import py_compile
import random
import shutil
import string
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import LimitExceeded
from seawall.model import Kind, Severity, Urgency
from seawall.scanning.content.contract import Hit, Window
from seawall.scanning.content.secrets.detector import HITS, PLACES
from tests.unit.scanning.content.secrets.examples import expand, listed
from tests.unit.scanning.content.secrets.windows import DETECTOR, look, look_in_parts, rules, said


def token(seed: int = 0) -> bytes:
    return expand("gh«»p_«alnum 36»", seed).encode()


def text(template: str) -> bytes:
    return expand(template, 0).encode()


PASSWORD = text("db_password = '«password 14»'\n")


def test_lines_are_counted_from_the_first_of_the_file() -> None:
    data = b"one\ntwo\nkey = " + token(1) + b"\n\nkey = " + token(2) + b"\n"
    assert [hit.line for hit in look(data)] == [3, 5]
    window = Window("x", 0, 10_000, data, offset=5_000, line=41)
    assert [hit.line for hit in said(window)] == [43, 45]


def test_the_evidence_is_kind_and_length() -> None:
    assert look(token())[0].evidence == "ghp_…(40 characters)"
    assert look(PASSWORD)[0].evidence == "password=…"  # too short to tell its length


def test_a_name_that_repeats_the_secret_is_not_shown() -> None:
    value = expand("«uuid»", 0)
    same, other = (f"heroku_key_{name} = {value}".encode() for name in (value[:8], "of_shop"))
    assert [hit.evidence for hit in look(same)] == ["…(36 characters)"]
    assert [hit.evidence for hit in look(other)] == ["heroku_key_of_shop=…(36 characters)"]


def test_a_finding_has_the_words_of_its_rule_and_nothing_of_the_secret() -> None:
    hit = look(b"\n" + token())[0]
    finding = DETECTOR.finding(hit, "srv/app/x", "sha256:1")
    assert (finding.kind, finding.id, finding.line) == (Kind.SECRET, "github-token", 2)
    assert (finding.severity, finding.urgency) == (Severity.CRITICAL, Urgency.NOW)
    assert finding.reason == "GitHub token: ghp_…(40 characters), line 2"
    assert "--mount=type=secret" in finding.remedy
    assert (finding.path, finding.layer) == ("srv/app/x", "sha256:1")


@pytest.mark.parametrize(
    "path",
    [
        "usr/local/lib/python3.12/site-packages/spam/tests/keys.py",
        "app/node_modules/spdy/test/fixtures.js",
        "usr/share/doc/libxmlsec1-dev/examples/rsakey.pem",
        "app/node_modules/aws-sdk/apis/sso.examples.json",
    ],
)
def test_test_material_of_a_package_is_low_and_says_why(path: str) -> None:
    finding = DETECTOR.finding(Hit("private-key", 1, "RSA PRIVATE KEY…"), path, "")
    assert (finding.severity, finding.urgency) == (Severity.LOW, Urgency.WATCH)
    assert "test material" in finding.reason


@pytest.mark.parametrize("path", ["srv/app/tests/key.pem", "etc/ssl/private/server.key"])
def test_a_users_own_key_keeps_its_severity(path: str) -> None:
    finding = DETECTOR.finding(Hit("private-key", 1, "RSA PRIVATE KEY…"), path, "")
    assert (finding.severity, finding.urgency) == (Severity.HIGH, Urgency.NOW)


def test_programs_are_searched_for_what_is_certain_and_have_no_lines() -> None:
    found = look(b"\x7fELF\0\0\n\n" + token() + b"\0\n" + PASSWORD)
    assert [(hit.rule, hit.line) for hit in found] == [("github-token", 0)]


@pytest.mark.parametrize("path", ["dist/app.js.map", "dist/app.min.js", "static/main.chunk.js"])
def test_generated_code_is_searched_for_what_is_certain(path: str) -> None:
    url = text("postgres:«»//shop:«alnum 12»@db/shop\n")
    assert rules(url + token() + b"\n" + PASSWORD, path) == ["github-token"]
    assert len(rules(url + token() + b"\n" + PASSWORD, "dist/app.js")) == 3


@pytest.mark.parametrize(
    "path",
    [
        "app/README.md",
        "app/tests/test_login.py",
        "app/locale/de/login.yaml",
        "app/node_modules/x/index.js",
        "usr/lib/python3/dist-packages/x.py",
    ],
)
def test_no_guesses_are_made_in_documents_tests_and_packages(path: str) -> None:
    assert rules(PASSWORD + token(), path) == ["github-token"]


def test_in_a_line_of_a_program_only_what_is_certain_is_told() -> None:
    line = b"a" * 3000 + b";" + PASSWORD.strip() + b";" + token() + b";" + b"b" * 3000
    assert rules(line) == ["github-token"]


def test_text_in_utf_16_is_read() -> None:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        data = mark + ("\r\nkey: " + token().decode()).encode(encoding)
        assert [(h.rule, h.line) for h in look(data)] == [("github-token", 2)]


def test_compressed_content_is_passed_over() -> None:
    filler = random.Random(1).randbytes(70_000)
    assert rules(b"\x89PNG\r\n\x1a\n" + filler + token()) == []
    assert rules(filler + b" " + token()) == ["github-token"]


def test_a_constant_in_compiled_python_is_found(tmp_path: Path) -> None:
    source = tmp_path / "settings.py"
    for size in (36, 44, 60, 75):  # the length stands before the text, as a letter or digit
        source.write_text(f"KEY = '{expand(f'gh«»p_«alnum {size}»', size)}'\n")
        compiled = tmp_path / "settings.pyc"
        py_compile.compile(str(source), str(compiled), doraise=True)
        assert rules(compiled.read_bytes(), "srv/x.pyc") == ["github-token"]


def test_a_value_is_told_once_at_its_first_place() -> None:
    assert [h.line for h in look(b"\n".join([token(1), token(2), token(1)]))] == [1, 2]


def test_many_values_of_one_kind_are_counted() -> None:
    found = look(b"\n".join(token(n) for n in range(HITS + 30)))
    assert len(found) == HITS
    assert found[-1].evidence == "ghp_…(40 characters), and 30 more like it"


def test_of_two_rules_for_one_value_the_more_specific_is_told() -> None:
    assert rules(b"api_key = '" + token() + b"'") == ["github-token"]
    assert rules(b"DB_PASSWORD=" + token(), "(environment)") == ["github-token"]


def test_a_pattern_that_is_everywhere_is_limited_and_hides_no_other() -> None:
    data = b"password: 'aaaaaaaa1'\n" * (6 * PLACES) + token()
    found = said(Window("x.yaml", 0, len(data), data))
    assert next(found).rule == "github-token"
    with pytest.raises(LimitExceeded, match="generic-password-assignment"):
        next(found)


def test_a_key_in_the_environment_counts_however_short_it_is() -> None:
    env = b"PATH=/bin\nMYSQL_ROOT_PASSWORD=r4in\nDB_PASSWORD_FILE=/run/secrets/db"
    found = look(env, "(environment)")
    assert [(h.rule, h.line) for h in found] == [("secret-in-environment", 2)]
    assert found[0].evidence == "MYSQL_ROOT_PASSWORD=…"


def test_large_files_are_told_as_if_they_were_whole() -> None:
    dice = random.Random(7)
    parts = [b"x = 1\n" * dice.randrange(400, 900) + token(n) + b"\n" for n in range(20)]
    data = b"".join(parts)
    cuts = sorted(dice.randrange(len(data)) for _ in range(6))
    assert look_in_parts(data, "x", cuts) == look(data, "x")


PIECES = [example.content for kind in ("examples", "counterexamples") for example in listed(kind)]
pieces = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(PIECES).flatmap(
        lambda piece: st.integers(0, len(piece)).map(lambda cut: piece[:cut])
    ),
)
paths = st.sampled_from(["x", "a.yaml", "x.map", "etc/shadow", ".netrc", "(environment)", "\udcff"])


@settings(deadline=None)
@given(st.lists(pieces, max_size=12).map(b"".join), paths)
def test_no_content_raises_and_lines_are_those_of_the_content(data: bytes, path: str) -> None:
    for hit in look(data, path):
        assert 0 <= hit.line <= data.count(b"\n") + data.count(b"\0") + 1
        assert DETECTOR.finding(hit, path, "").evidence == hit.evidence


@given(st.text(string.ascii_letters + string.digits, min_size=36, max_size=36))
def test_nothing_of_a_token_is_in_what_is_told(value: str) -> None:
    for hit in look(f"key: gh{'p'}_{value}".encode()):
        told = repr(hit) + repr(DETECTOR.finding(hit, "x", ""))
        assert not any(value[at : at + 6] in told for at in range(31))


def _made(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} on this machine")
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["genrsa", "-traditional", "2048"], "private-key"),
        (["genpkey", "-algorithm", "ed25519"], "private-key"),
        (["ecparam", "-name", "prime256v1", "-genkey", "-noout"], "private-key"),
        (
            ["genrsa", "-traditional", "-aes256", "-passout", "pass:x1y2", "2048"],
            "encrypted-private-key",
        ),
        (
            ["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x1y2"],
            "encrypted-private-key",
        ),
    ],
)
def test_keys_that_openssl_makes_are_found(tmp_path: Path, arguments: list[str], rule: str) -> None:
    key = tmp_path / "key.pem"
    _made("openssl", arguments[0], "-out", str(key), *arguments[1:])
    assert rules(key.read_bytes()) == [rule]


@pytest.mark.parametrize(
    ("passphrase", "form", "rule"),
    [
        ("", [], "openssh-private-key"),
        ("x1y2z3", [], "encrypted-private-key"),
        ("", ["-m", "PEM"], "private-key"),
        ("x1y2z3", ["-m", "PEM"], "encrypted-private-key"),
    ],
)
def test_keys_that_ssh_keygen_makes_are_found_and_public_halves_are_not(
    tmp_path: Path, passphrase: str, form: list[str], rule: str
) -> None:
    key = tmp_path / "id"
    kind = ["-t", "rsa", "-b", "2048"]
    _made("ssh-keygen", "-q", "-N", passphrase, "-f", str(key), *kind, *form)
    assert rules(key.read_bytes()) == [rule]
    assert rules((tmp_path / "id.pub").read_bytes()) == []


def test_a_key_under_a_passphrase_weighs_less_than_a_plain_one() -> None:
    plain = DETECTOR.finding(Hit("private-key", 1, "…"), "x", "")
    encrypted = DETECTOR.finding(Hit("encrypted-private-key", 1, "…"), "x", "")
    assert encrypted.severity < plain.severity
