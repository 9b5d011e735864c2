import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tools.check_docs import accepted, arguments, main, problems, project_files, slug

Check = Callable[[Mapping[str, str]], list[str]]

PROJECT = Path(__file__).parents[3]
SOMEWHERE = "/" + "work/main"  # in two pieces, so that no file of the project names it


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """A function that checks a project made of these files and returns the problems as text."""

    def run(files: Mapping[str, str]) -> list[str]:
        write(tmp_path, files)
        return [str(found) for found in problems(tmp_path, list(files), accepted)]

    return run


def shell(line: str, language: str = "sh") -> dict[str, str]:
    return {"README.md": f"Try it:\n\n```{language}\n{line}\n```\n"}


GOOD_LINKS = {
    "file": "[a](docs/b.md)",
    "file above": "[a](docs/../docs/b.md)",
    "from the root": "[a](/docs/b.md)",
    "folder": "[a](docs) and [a](docs/)",
    "heading": "[a](docs/b.md#what-it-does)",
    "heading said twice": "[a](docs/b.md#limits-1)",
    "html anchor": "[a](docs/b.md#here)",
    "heading of this page": "# One `two`: three\n\n[a](#one-two-three)",
    "line of code": "[a](docs/c.py#L3)",
    "quoted name": "[a](<docs/a b.md>) [a](docs/a%20b.md)",
    "title": '[a](docs/b.md "a title")',
    "badge": "[![a](docs/i.png)](docs/b.md)",
    "reference": "[a][b]\n\n[b]: docs/b.md",
    "elsewhere": "[a](https://example.org/x) [a](mailto:a@example.org) <https://example.org>",
    "in code": "write `[a](missing.md)` and\n\n```md\n[a](missing.md)\n```",
}


@pytest.mark.parametrize("text", GOOD_LINKS.values(), ids=GOOD_LINKS)
def test_a_link_that_leads_somewhere_is_fine(check: Check, text: str) -> None:
    others = {
        "docs/b.md": "# Title\n## What it does\n## Limits\n## Limits\n<a id='here'></a>\n",
        "docs/a b.md": "",
        "docs/c.py": "",
        "docs/i.png": "",
    }
    assert check({"README.md": text, **others}) == []


BAD_LINKS = {
    "file": "[a](docs/missing.md)",
    "image": "![a](missing.png)",
    "heading": "[a](docs/b.md#missing)",
    "heading in a code block": "[a](docs/b.md#not-one)",
    "heading of this page": "[a](#missing)",
    "heading of code": "[a](docs/c.py#missing)",
    "outside": "[a](../b.md)",
    "case": "[a](docs/B.md)",
    "reference": "[b]: missing.md",
    "html": '<img src="missing.svg">',
    "badge": "[![a](docs/c.py)](missing.md)",
    "behind a title": '[a](missing.md "title")',
}


@pytest.mark.parametrize("text", BAD_LINKS.values(), ids=BAD_LINKS)
def test_a_link_that_leads_nowhere_is_a_problem(check: Check, text: str) -> None:
    others = {"docs/b.md": "# Title\n```sh\n# Not one\n```\n", "docs/c.py": ""}
    found = check({"README.md": f"one\n\n{text}\n", **others})
    assert len(found) == 1
    assert found[0].startswith("README.md:3: ")


def test_a_file_that_is_there_but_not_in_the_repository_is_a_problem(
    check: Check, tmp_path: Path
) -> None:
    write(tmp_path, {".venv/page.md": ""})
    assert check({"README.md": "[a](.venv/page.md)"}) != []


GOOD_LINES = {
    "plain": "seawall scan docker:debian:12 --fail-on high",
    "its place": ".venv/bin/seawall inventory dir:/ --format purl",
    "module": "python3 -m seawall advisories status --format json",
    "before it": "SEAWALL_HOME=. sudo seawall scan image.tar",
    "pipe": "seawall inventory dir:/ --format purl | sort > list.txt 2>&1",
    "two": "seawall advisories update && seawall scan debian:12",
    "errors to a file": "seawall scan debian:12 2> errors.txt",
    "joined": "seawall scan debian:12 \\\n  --format sarif \\\n  -o report.sarif",
    "comment": "seawall scan debian:12   # it's a name\n# don't read seawall scan --colour here",
    "help": "seawall --help; seawall scan --help; seawall --version",
    "another program": "cat seawall.yaml | other --unknown",
}


@pytest.mark.parametrize("line", GOOD_LINES.values(), ids=GOOD_LINES)
def test_a_command_that_the_parser_accepts_is_fine(check: Check, line: str) -> None:
    assert check(shell(line)) == []


BAD_LINES = {
    "subcommand": "seawall scann debian:12",
    "action": "seawall advisories fetch",
    "option": "seawall scan debian:12 --colour",
    "abbreviated": "seawall scan debian:12 --fail high",
    "choice": "seawall scan debian:12 --format xml",
    "no target": "seawall scan --all",
    "in a pipe": "true | seawall inventory dir:/ --purl",
    "substituted": "echo $(seawall inventory dir:/ --purl)",
    "joined": "seawall scan debian:12 \\\n  --colour",
    "quote": "seawall scan 'debian:12",
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
@pytest.mark.parametrize("language", ["sh", "bash", "shell", "console"])
def test_a_command_that_the_parser_refuses_is_a_problem(
    check: Check, line: str, language: str
) -> None:
    found = check(shell(f"$ {line}" if language == "console" else line, language))
    assert len(found) == 1
    assert found[0].startswith("README.md:4: ")


def test_the_problem_says_what_the_parser_said(check: Check) -> None:
    assert check(shell("seawall scan debian:12 --colour")) == [
        "README.md:4: seawall scan debian:12 --colour: unrecognized arguments: --colour"
    ]


def test_output_in_a_console_block_is_no_command(check: Check) -> None:
    assert check(shell("$ seawall --version\nseawall scann: no such thing", "console")) == []


def test_a_block_in_a_list_and_a_block_of_another_language(check: Check) -> None:
    text = "1. Try\n\n   ```sh\n   seawall nothing\n   ```\n\n```yaml\nrun: seawall nothing\n```\n"
    assert [found.partition(": ")[0] for found in check({"docs/a.md": text})] == ["docs/a.md:4"]


@pytest.mark.parametrize("place", [SOMEWHERE, "/" + "tmp/pytest-of-me/x", "/" + "tmp/tmpab12_x9z"])
def test_a_folder_of_somebodys_machine_is_a_problem(check: Check, place: str) -> None:
    files = {"a.md": f"it lies in `{place}`", "docs/b.md": f"```\n$ cd {place}/\n```"}
    assert [found.partition(": ")[0] for found in check(files)] == ["a.md:1", "docs/b.md:2"]


def test_a_folder_of_that_name_elsewhere_is_fine(check: Check) -> None:
    assert check({"a.md": f"https://example.org{SOMEWHERE} ~{SOMEWHERE} $HOME{SOMEWHERE}"}) == []


def test_headings_get_the_names_that_github_gives_them() -> None:
    assert slug("What `make check` does") == "what-make-check-does"
    assert slug("0009: a tar reader, of our own") == "0009-a-tar-reader-of-our-own"
    assert slug("[Linked](x.md) & *marked*") == "linked--marked"


def test_arguments_are_those_behind_the_name_of_the_program() -> None:
    assert list(arguments("A=1 sudo ./seawall a --b 'c d' >e; echo seawall")) == [
        ["a", "--b", "c d"]
    ]


def test_the_exit_code_is_1_with_a_line_for_each_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    write(tmp_path, {"README.md": "[a](b.md)\n[a](c.md)\n", "c.md": "", ".gitignore": "c.md"})
    assert main(tmp_path) == 1
    assert capsys.readouterr().out == (
        "README.md:1: the link b.md leads to no file of the repository\n"
        "README.md:2: the link c.md leads to no file of the repository\n"
    )
    write(tmp_path, {"README.md": "[a](b.md)", "b.md": ""})
    assert main(tmp_path) == 0
    assert capsys.readouterr().out == ""


def test_an_unpacked_archive_is_checked_without_git(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.md": "[a](../b.md) [a](../.venv/c.md)", "b.md": "", ".venv/c.md": ""})
    assert project_files(tmp_path) == ["b.md", "docs/a.md"]
    assert main(tmp_path) == 1


def test_as_a_script_it_checks_the_project_it_lies_in(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    script = "tools/check_docs.py"
    write(tmp_path, {script: (PROJECT / script).read_text(), "a.md": "[a](b.md)"})
    done = subprocess.run(
        [sys.executable, tmp_path / script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("a.md:1: ")
