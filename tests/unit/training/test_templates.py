"""The templates: what they may say, and that training and evaluation share none."""

# ruff: noqa: S311 - chance that repeats is the point

import random
import re
from pathlib import Path

import pytest

from training.documents import Draft, Piece
from training.fillers.base import Cast
from training.generate import fillers, languages, library
from training.lists import HOME as LISTS
from training.templates import HOME, Include, Library, Slot, Template, TemplateError, parse, read

SPLITS = ("train", "eval")
EVERY = [(lang, split) for lang in languages() for split in SPLITS]


def templates(books: Library) -> list[Template]:
    return [one for group in (books.kinds, books.parts) for many in group.values() for one in many]


@pytest.mark.parametrize(("lang", "split"), EVERY)
def test_every_slot_is_known(lang: str, split: str) -> None:
    known = fillers(lang, split)
    unknown = {
        (template.name, node.name)
        for template in templates(library(lang, split))
        for node in template.body.walk()
        if isinstance(node, Slot) and not known.knows(node.name)
    }
    assert not unknown


@pytest.mark.parametrize(("lang", "split"), EVERY)
def test_every_slot_can_be_filled(lang: str, split: str) -> None:
    known = fillers(lang, split)
    slots = {
        (node.name, node.key)
        for template in templates(library(lang, split))
        for node in template.body.walk()
        if isinstance(node, Slot)
    }
    for name, key in sorted(slots, key=str):
        for seed in range(5):
            assert all(
                isinstance(piece, Piece)
                for piece in Cast(known, random.Random(seed)).fill(name, key)
            )


@pytest.mark.parametrize(("lang", "split"), EVERY)
def test_a_part_called_neg_holds_no_identifier(lang: str, split: str) -> None:
    books, known = library(lang, split), fillers(lang, split)
    for name, group in books.parts.items():
        if not name.startswith("neg_"):
            continue
        for template in group:
            for seed in range(3):
                draft = Draft()
                books.write(template, Cast(known, random.Random(seed)), draft)
                assert not draft.spans, template.name


def lines(root: Path) -> dict[str, str]:
    """Return each line of more than six words with the file it stands in, without its marks."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = " ".join(re.findall(r"\w+", line.casefold()))
            if len(said.split()) > 6 or len(re.findall(r"[\u4e00-\u9fff]", said)) > 12:
                found[said] = path.name
    return found


@pytest.mark.parametrize("lang", languages())
def test_training_and_evaluation_share_no_line_of_more_than_six_words(lang: str) -> None:
    train, evaluation = lines(HOME / lang / "train"), lines(HOME / lang / "eval")
    assert train
    assert evaluation
    assert not {line: train[line] for line in train.keys() & evaluation.keys()}


def test_every_list_names_its_licence() -> None:
    for path in sorted(LISTS.rglob("*.txt")):
        head = [
            line for line in path.read_text(encoding="utf-8").splitlines()[:5] if line[:1] == "#"
        ]
        assert re.search(r"Apache-2\.0|MIT|CC BY 4\.0|BSD", " ".join(head)), path.name


@pytest.mark.parametrize("wrong", ["[[a|b", "a]]", "{{a b}}", "{{>part 1-2 sideways}}", "{{}}"])
def test_a_template_that_is_wrong_is_refused(wrong: str) -> None:
    with pytest.raises(TemplateError):
        parse(wrong)


def test_a_part_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "xx" / "train"
    (folder / "letter").mkdir(parents=True)
    (folder / "letter" / "one.txt").write_text("Dear {{>nobody}}")
    with pytest.raises(TemplateError, match="nobody"):
        read("xx", "train", tmp_path)


def test_alternatives_nest_and_a_bar_outside_of_them_is_a_bar() -> None:
    template = parse("a | [[b|[[c|d]]|]] {{>part 2-3 lines}}")
    assert any(isinstance(node, Include) and node.joiner == "\n" for node in template.body.walk())
    said = set()
    for seed in range(40):
        draft = Draft()
        Library({}, {"part": (parse("p", "1"),)}).write(
            template, Cast(fillers("en", "train"), random.Random(seed)), draft
        )
        said.add(draft.text.split("|")[1].split("p")[0].strip())
    assert said == {"b", "c", "d", ""}
