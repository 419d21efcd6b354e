"""What the documents say of the code is what the code does; every reference leads somewhere."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from gateway.believed import Identity, Oidc, Presidio
from gateway.certificates import Certificates, CertifiedCaller
from gateway.cli.default import DefaultGroup
from gateway.cli.root import app
from gateway.domain.entities import KNOWN
from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.records import Admin, AdminAct, Intent, Outcome, Refusal, Status
from gateway.endpoints import OpenAIEngines, RemoteModel
from gateway.evidence import LedgerSettings, WitnessPeer, WitnessSettings
from gateway.feeds import Alerts, Export, FhirFeed, Retention, SyslogFeed, Webhook
from gateway.http import strings
from gateway.http.errors import status_of
from gateway.logs import FIELDS
from gateway.policy.explain import spoken
from gateway.policy.release import load
from gateway.prices import Price, UsageSettings
from gateway.settings import (
    CacheSettings,
    Detection,
    Egress,
    Embeddings,
    EngineSettings,
    File,
    Log,
    Server,
    Transcription,
)

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
)
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NOT_OURS = ("https:", "http:", "mailto:")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def rows(text: str) -> list[list[str]]:
    """The cells of every table row in `text`."""
    lines = (line for line in text.splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def section(text: str, heading: str) -> str:
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"no section {heading}"
    level = max(2, heading.count("#"))
    return re.split(rf"\n#{{1,{level}}} ", rest, maxsplit=1)[0]


def anchor(heading: str) -> str:
    words = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for found in LINK.finditer(FENCE.sub("", document.read_text())):
        target = found[1] or found[2]
        if target.startswith(NOT_OURS):
            continue
        name, _, fragment = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        if fragment:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            assert fragment in map(anchor, headings), f"{document.name}: {target}"


def test_every_error_code_is_explained_with_its_status() -> None:
    documented = {
        cells[0].strip("`"): int(cells[1])
        for cells in rows(read("docs/errors.md"))
        if "`" in cells[0]
    }
    assert documented == {str(code): status_of(code) for code in Code}


@pytest.mark.parametrize(
    ("heading", "struct"),
    [
        ("# Configuration", File),
        ("## `[server]`", Server),
        ("## `[engine]`", EngineSettings),
        ("## `[engine.openai]`", OpenAIEngines),
        ("## `[engine.openai.models.NAME]`", RemoteModel),
        ("## `[embeddings]`", Embeddings),
        ("## `[cache]`", CacheSettings),
        ("## `[transcription]`", Transcription),
        ("## `[detection]`", Detection),
        ("## `[identity]`", Identity),
        ("## `[identity.oidc]`", Oidc),
        ("## `[identity.certificates]`", Certificates),
        ("## `[[identity.certificates.callers]]`", CertifiedCaller),
        ("## `[presidio]`", Presidio),
        ("## `[usage]`", UsageSettings),
        ("## `[usage.prices.MODEL]`", Price),
        ("## `[export]`", Export),
        ("## `[export.fhir]`", FhirFeed),
        ("## `[export.syslog]`", SyslogFeed),
        ("## `[alerts]`", Alerts),
        ("## `[alerts.webhook]`", Webhook),
        ("## `[retention]`", Retention),
        ("## `[ledger]`", LedgerSettings),
        ("## `[witness]`", WitnessSettings),
        ("## `[[witness.peers]]`", WitnessPeer),
        ("## `[egress]`", Egress),
        ("## `[log]`", Log),
    ],
)
def test_every_setting_is_explained_with_its_default(
    heading: str, struct: type[msgspec.Struct]
) -> None:
    text = section("\n" + read("docs/configuration.md"), heading)
    documented = {cells[0].strip("`"): cells[1] for cells in rows(text) if "`" in cells[0]}
    plain = {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else {}
        for field in msgspec.structs.fields(struct)
        if not isinstance(field.default, msgspec.Struct)
    }
    assert documented.keys() == plain.keys()
    for name, default in plain.items():
        if default is msgspec.NODEFAULT:
            assert documented[name] == "mandatory"
        elif default is not None:
            written = msgspec.json.encode(default).decode()
            assert documented[name] == f"`{written}`"


def test_every_table_of_the_settings_has_a_section() -> None:
    tables = {
        field.name
        for field in msgspec.structs.fields(File)
        if isinstance(field.default, msgspec.Struct)
    }
    assert (
        set(re.findall(r"^## `\[(\w+)\]`$", read("docs/configuration.md"), re.MULTILINE)) == tables
    )


def test_the_table_of_profiles_is_that_of_the_shipped_policy() -> None:
    text = read("docs/administration.md")
    table = rows(text.partition("<!-- generated")[2].partition("<!-- end -->")[0])
    profiles = [each.profile for each in load(ROOT / "policies").profiles.values()]
    expected = [
        ["entity type", *(f"`{profile.name}`" for profile in profiles)],
        ["---"] * (1 + len(profiles)),
        *(
            [f"`{entity}`", *(spoken(profile.rule(entity)) for profile in profiles)]
            for entity in sorted(KNOWN)
        ),
        ["*restored in the reply*", *("yes" if each.restore else "no" for each in profiles)],
        ["*invented by the model*", *(str(each.invented) for each in profiles)],
        ["*strictness*", *(str(each.strictness) for each in profiles)],
        ["*priority*", *(str(each.priority) for each in profiles)],
        ["*replies cached*", *("yes" if each.cache else "no" for each in profiles)],
        ["*texts kept*", *(str(each.keep) for each in profiles)],
        [
            "*re-identified*",
            *("under a grant" if each.reidentify.allowed else "no" for each in profiles),
        ],
        [
            "*input characters at most*",
            *(str(each.limits.max_input_characters) for each in profiles),
        ],
        ["*output tokens at most*", *(str(each.limits.max_output_tokens) for each in profiles)],
        ["*in flight at most*", *(str(each.limits.max_in_flight or "") for each in profiles)],
    ]
    assert table == expected


@pytest.mark.parametrize("name", ["per_node", "per_load", "per_cost"])
def test_the_tables_of_the_page_on_scale_are_those_of_its_formulas(name: str) -> None:
    from benchmarks import scale

    _, found, rest = read("docs/scale.md").partition(f"<!-- generated: {name} -->\n")
    assert found
    assert rest.partition("\n<!-- end -->")[0] == getattr(scale, name)()


def test_the_table_of_strings_is_that_of_the_code() -> None:
    printed = read("docs/detection.md").split("<!-- strings -->")[1].split("<!-- /strings -->")[0]
    assert printed.strip().splitlines() == list(strings.table())


def test_the_purposes_that_are_named_exist() -> None:
    text = section(read("docs/administration.md"), "## Purposes")
    named = set(re.findall(r"`([A-Z]{3,9})`", text))
    assert named
    assert named <= {purpose.value for purpose in Purpose}


@pytest.mark.parametrize("kind", [Intent, Outcome, Refusal, Admin])
def test_every_field_of_every_record_is_explained(kind: type) -> None:
    text = section(read("docs/audit.md"), f"### {kind.__name__}")
    documented = {cells[0].strip("`") for cells in rows(text) if "`" in cells[0]}
    assert documented == set(kind.__dataclass_fields__)


def test_every_status_and_act_of_a_record_is_explained() -> None:
    text = read("docs/audit.md")
    for word in (*Status, *AdminAct):
        assert f"`{word}`" in text


def test_every_field_of_a_log_line_is_listed() -> None:
    text = section(read("docs/operations.md"), "## Log lines")
    listed = re.search(r"Fields: (.*?)\.\n", text, re.DOTALL)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == FIELDS


def test_every_database_is_among_the_data_and_the_page_says_whether_to_back_it_up() -> None:
    constant = re.compile(r'^[A-Z_]+: Final = "([a-z-]+\.db)"$', re.MULTILINE)
    sources = (path.read_text() for path in (ROOT / "gateway").rglob("*.py"))
    databases = {name for source in sources for name in constant.findall(source)}
    databases -= {"witness.db"}  # A witness's own, on another host.
    assert len(databases) > 10
    text = read("docs/operations.md")
    named = " ".join(row[0] for row in rows(section(text, "## The data directory")))
    backup = section(text, "## Backup and restore")
    for name in databases:
        assert f"/{name}`" in named
        assert re.search(rf"\b{name.removesuffix('.db')}\b", backup), name


def test_every_event_of_the_log_is_listed_and_every_listed_one_exists() -> None:
    literal = re.compile(
        r"(?:logs\.(?:detail|event|alarm)|_log\.(?:debug|info|warning|error)|log\.(?:info|warning|error))\(\s*\"(\w+)\""
    )
    events = {
        name
        for path in (ROOT / "gateway").rglob("*.py")
        for name in literal.findall(path.read_text())
    }
    text = section(read("docs/operations.md"), "## Log lines")
    assert {cells[0].strip("`") for cells in rows(text) if "`" in cells[0]} == events


def commands() -> set[str]:
    group = typer.main.get_command(app)
    found = set()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        found |= {f"{name} {each}" for each in getattr(command, "commands", {})} or {name}
    return found


def test_the_help_of_every_command_says_what_an_option_takes_in_a_users_words() -> None:
    group = typer.main.get_command(app)
    for name in commands():
        command = group
        for word in name.split():
            command = command.commands[word]  # type: ignore[attr-defined]
        assert "<list[str]>" not in command.get_help(typer.Context(command)), name


def groups(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every group of commands but the root, by the words that lead to it."""
    for word, each in getattr(command, "commands", {}).items():
        if hasattr(each, "commands"):
            yield (path := f"{name} {word}".strip()), each
            yield from groups(each, path)


def test_the_help_of_every_group_ends_with_examples_that_can_be_typed() -> None:
    root = typer.main.get_command(app)
    for name, group in groups(root):
        shown = [line.strip() for line in (group.epilog or "").splitlines()]
        examples = [line for line in shown if line.startswith("intramural ")]
        assert examples, name
        for example in examples:
            assert example.startswith(f"intramural {name} "), example
            command, words = group, example.split()[1 + len(name.split()) :]
            context = typer.Context(group)
            while hasattr(command, "commands"):
                if isinstance(command, DefaultGroup) and words[0] not in command.commands:
                    words = [command.default, *words]
                _, command, words = command.resolve_command(context, words)
                assert command is not None, example
            # Raises what a user would be told.
            command.make_context(example, words, parent=context)


def test_the_page_of_commands_lists_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `intramural ([a-z -]+)` \|", read("docs/commands.md"), re.MULTILINE)
    assert sorted(listed) == sorted(commands())


def test_the_readme_is_a_page_and_names_every_group_of_commands() -> None:
    text = read("README.md")
    assert len(text.splitlines()) <= 200
    groups = {name.partition(" ")[0] for name in commands()}
    assert groups <= set(re.findall(r"`(?:intramural )?([a-z]+)`", section(text, "## Commands")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    known = commands()
    groups = {name.partition(" ")[0] for name in known}
    for words in re.findall(
        r"(?:^|[`\s/])intramural ((?:[a-z-]+ ?){1,2})", document.read_text(), re.MULTILINE
    ):
        first, *rest = words.split()
        if first in groups and first not in known:
            assert not rest or f"{first} {rest[0]}" in known, f"{document.name}: {words}"


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


def defined(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_test_that_the_security_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/.]+\.py)(?:::([\w*]+))?`", read("SECURITY.md"))
    assert any(function for _, function in named)
    for file, function in named:
        path = ROOT / file
        assert path.is_file(), file
        if function:
            assert any(fnmatchcase(name, function) for name in defined(path)), f"{file}::{function}"


def test_the_security_page_has_a_test_for_each_of_the_eight_invariants() -> None:
    text = read("SECURITY.md")
    numbers = [
        part.partition(".")[0] for part in text.split("\n### ")[1:] if "::" in part and ". " in part
    ]
    assert numbers == [str(number) for number in range(1, 9)]


def test_every_file_and_function_of_the_tour_exists() -> None:
    for file, function in re.findall(r"`([\w/]+\.py)(?:::([\w.]+))?`", read("docs/tour.md")):
        path = ROOT / file
        assert path.is_file(), file
        if function:
            names = {
                node.name
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            }
            assert set(function.split(".")) <= names, f"{file}::{function}"


def test_every_path_in_the_code_that_security_names_exists() -> None:
    for name in re.findall(
        r"`((?:gateway|engine|policies|deploy|tests)/[\w/.-]*)`", read("SECURITY.md")
    ):
        assert (ROOT / name).exists(), name


def test_every_direct_dependency_is_explained_and_no_other() -> None:
    import tomllib

    project = tomllib.loads(read("pyproject.toml"))
    wanted = project["project"]["dependencies"] + [
        name for extra in project["project"]["optional-dependencies"].values() for name in extra
    ]
    wanted += project["dependency-groups"]["dev"]
    names = {re.split(r"[<>=!~ \[]", each, maxsplit=1)[0] for each in wanted}
    documented = {
        cells[0].strip("`") for cells in rows(read("docs/dependencies.md")) if "`" in cells[0]
    }
    assert documented == names


def test_decision_records_have_consequences_that_are_bad_too() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    assert [path.name[:4] for path in records] == [f"{n:04d}" for n in range(1, len(records) + 1)]
    index = read("docs/adr/README.md")
    for path in records:
        text = path.read_text()
        assert all(part in text for part in ("## Decision", "## Good", "## Bad")), path.name
        assert path.name in index


def test_no_document_names_a_package_index_or_a_path_of_this_machine() -> None:
    for document in [*DOCUMENTS, *(ROOT / "deploy").rglob("*"), ROOT / ".ci" / "run"]:
        if document.is_file():
            text = document.read_text()
            for word in ("pypi.org/simple", "--index-url", "--extra-index-url", str(ROOT)):
                assert word not in text, f"{document.name}: {word}"


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    # The import contracts name what is forbidden, so what nobody has thought of would pass them.
    import sys

    for path in (ROOT / "gateway" / "domain").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    modules = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    modules = [node.module or ""]
                case _:
                    continue
            for module in modules:
                ours = module.startswith("gateway.domain")
                assert ours or module.partition(".")[0] in sys.stdlib_module_names, module


def test_the_hooks_need_no_network() -> None:
    import yaml

    config = yaml.safe_load(read(".pre-commit-config.yaml"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")


def test_ci_ends_with_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert "make lint types coverage" in lines
    assert "golang-go golang-golang-x-mod-dev" in script.read_text()
    assert lines[-1] == "exec make --no-print-directory test"
    assert "\nmake test " in read("README.md")


def test_every_form_that_needs_no_label_is_in_the_table_of_detection() -> None:
    from gateway.detection import contact, shapes
    from gateway.domain.entities import IP_ADDRESS, POSTCODE

    table = section(read("docs/detection.md"), "### Forms that need no label")
    listed = {name for row in rows(table) for name in re.findall(r"`([a-z]+\.\w+)`", row[0])}
    topics = {POSTCODE: "postcode.", IP_ADDRESS: "contact."}
    exist = {topics.get(form.entity, "id.") + form.name for form in (*shapes.FORMS, *shapes.LOOSE)}
    exist |= {rule.name for rule in contact.RULES if rule.name.startswith(("id.udi", "id.mrz"))}
    assert listed == exist | {"id.iban", "id.nino", "id.chinese_plate", "contact.ipv6"}


def test_the_changelog_says_nothing_twice() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    entries = [
        " ".join(entry.split()) for entry in re.split(r"^(?:- |#+ )", text, flags=re.MULTILINE)
    ]
    assert len(entries) > 50
    assert [entry for entry in entries if len(entry) > 20 and entries.count(entry) > 1] == []


def test_the_list_of_pages_names_each_page_once() -> None:
    listed = re.findall(
        r"^\| \[([\w-]+\.md)\]", (ROOT / "docs" / "README.md").read_text(), flags=re.MULTILINE
    )
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert sorted(listed) == sorted(pages)


def test_the_glossary_is_in_order() -> None:
    rows = re.findall(
        r"^\| ([\w' -]+?) \|", (ROOT / "docs" / "glossary.md").read_text(), flags=re.MULTILINE
    )
    words = [row.lower() for row in rows if row != "word" and not row.startswith("---")]
    assert words
    assert words == sorted(words)
