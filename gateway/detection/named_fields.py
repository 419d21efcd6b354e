"""Names of people in a field: behind a label, in an element, at the head of a message or of a row."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.german_nouns import has_given, is_noun
from gateway.detection.letters import FULL, GAP, INITIAL, MARK, SUFFIX, WORD, U
from gateway.detection.name_checks import holds_name, is_eponym
from gateway.detection.name_words import DONE_GERMAN, LABEL, LABEL_GERMAN
from gateway.detection.rules import Rule, Rules, caseless
from gateway.detection.titles import NO_NAME_BEGINS, NO_NAMES_END, trimmed_words
from gateway.detection.vocabulary import is_word
from gateway.domain.entities import PERSON
from gateway.domain.person_names import fold, is_given

_BY_COLUMNS: Final = re.compile(
    r"(?im)^[ \t]{0,4}(?:(?:no|nr|bed|bett|cama|lit)\.?[ ]{1,9})?(?:pat(?:ient|\.)?|pt|name|nom|nombre|paciente|patientin)(?:[ ]name)?[ ]{2,40}[^\W\d_]"
)
"""A heading of columns, the first of which are people."""
_LONGEST_LABEL: Final = 31 + 4
"""Characters from where a label begins to its colon."""
_LABEL_START: Final = re.compile(rf"(?:(?<![^\W_])|(?<=[a-z])(?=n))(?={LABEL})")
_COLON: Final = re.compile(r"[:=|#]")
_ASKS: Final = re.compile(r"(?i)name|noms?\b|nombre|apellido|prénom|姓名")
"""A label that asks for a name, not for a person."""


_OF_A_LIST: Final = re.compile(r"(?:^|\n)[ ]{0,12}-[ ]\Z")
_GOES_ON: Final = re.compile(r"[ ][a-z]")


_LOOSE: Final = re.compile(
    r"(?i)(?:pat\.|kontakt|mutter|vater|eltern|tochter|sohn|bruder|schwester|partnerin|ehe|lebens|kind|enkel|neffe|nichte|schwieger|nachbar|freund|angehörige|pflege|leitung|physio|sozial|seelsorge|therapeut|an\b|von\b|betr|assistenz|anästhesie\b|op-|diktat|verteiler|empfänger|versicherte|beistand|unterschrift|visum|nachrichtlich|springer"
    rf"|{DONE_GERMAN}\b)"
)
"""Labels behind which much else stands: only a known given name or an initial tells a person."""


_OF_KIN: Final = re.compile(
    r"(?:grand|step|foster |niece|nephew|cousin|auntie|sibling|boyf|girlf|fianc|friend|neigh|mum|mam|landlord|specialist|gp\b|checked|operator|secretary|physio|dieti|[a-z]+[- ]in[- ]law)",
    re.IGNORECASE,
)
_NO_COLON: Final = re.compile(r"(?i:surname|maiden|n[ée]e)")


_DASHED: Final = (
    "name", "nok", "kin", "contact", "consultant", "gp", "worker", "mum", "mom", "dad", "daughter",
    "son", "wife", "husband", "carer",
)  # fmt: skip
"""How the labels end that a dash may stand behind."""


def _undivided(match: re.Match[str]) -> bool:
    """Say whether a name stands behind a label without its colon."""
    words = trimmed_words(match["value"])
    if any(is_word(word) or word.lower() in NO_NAME_BEGINS for word in words):
        return False
    if any(word.lower().endswith((*NO_NAMES_END, "ée")) for word in words):
        return False
    return holds_name(match) and (len(words) > 1 or _NO_COLON.match(match[0]) is not None)


_IS_GERMAN: Final = re.compile(rf"(?i:{LABEL_GERMAN}){MARK}")


def _labelled(match: re.Match[str]) -> bool:
    """Say whether a field holds a name; a single word does where the label asks for one."""
    label = match[0][: match.start("value") - match.start()]
    single = len(trimmed_words(match["value"])) == 1
    if single and label.startswith("name") and _OF_A_LIST.search(match.string, 0, match.start()):
        # "- name: Restart unit" is a step of a program.
        return not _GOES_ON.match(match.string, match.end())
    if _OF_KIN.match(label) and any(map(is_word, trimmed_words(match["value"]))):
        return False  # "Grandmother: Breast Cancer"
    if _IS_GERMAN.match(label):
        if has_given(match["value"]):
            return holds_name(match) or single
        if _LOOSE.match(label) or any(map(is_noun, re.split(r"[\s,-]+", match["value"]))):
            return False
    if _KIN_LABEL.match(label):
        # "Madre: Diabetes Mellitus" says what she has: a given name says who she is.
        return holds_name(match) and any(
            is_given(fold(word)) for word in trimmed_words(match["value"])
        )
    return holds_name(match) and not (single and _ASKS.search(label) is None)


_KIN_LABEL: Final = re.compile(
    r"(?i)(?:p[èe]re|m[èe]re|fils|fille|[ée]pou|conjoint|mari|femme|frère|s(?:œ|oe)ur|voisin|padre|madre|hij[oa]|espos[oa]|mujer|cónyuge|pareja|herman[oa]|vecin[oa]"
    r"|due|ide|iade|auxiliar|interne|externe|residente|radi[oó]log|pat[óo]log|psic|psych|firma|familiar|usager|identi|m[eé]dic[oa]|.{2,14}[ ](?:par|por)\b|chirurgien|cirujan)"
)
"""Whom a line tells about, or what: a single word behind them is a name only if it is given."""


def _labels(text: str) -> Iterator[int]:
    """Yield where labels begin: before a colon or its like, which none of them holds."""
    small = caseless(text)
    done = 0
    for colon in _COLON.finditer(text):
        end = colon.start()
        for label in _LABEL_START.finditer(small, max(done, end - _LONGEST_LABEL), end):
            yield label.start()
        done = end + 1


RULES: Final[Rules] = (
    Rule(
        # "NOK - Liam Pemberton", "Patient Name- Liam Pemberton", "Surname Pemberton": no colon.
        "name.labelled_dash",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:(?i:(?:patient |pt |full |maiden |print |client |(?<![^\W\d_][ ]))name|surname|nok|next of kin|emergency contact|consultant|gp|key ?worker|mum|mom|dad|daughter|son|wife|husband|carer)[ ]?[-\u2013][ ]?|(?:[Mm]aiden [Nn]ame|MAIDEN NAME|[Pp]rint [Nn]ame|PRINT NAME|Surname|SURNAME|n[ée]e|N[ÉE]E)[ ])(?:(?:Dr|Mrs?|Ms|Prof)\.?[ ])?(?P<value>{FULL})"
        ),
        0.75,
        _undivided,
        cues=(
            *("maiden name ", "print name ", "surname ", "née ", "nee "),
            *(f"{label}{dash}" for label in _DASHED for dash in ("-", " -", "\u2013", " \u2013")),
        ),
    ),
    Rule(
        "name.labelled",
        PERSON,
        re.compile(
            rf"(?:(?<![^\W_])|(?<=[a-z])(?=N))(?i:{LABEL}){MARK}(?:(?:Dr|Mrs?|Ms|Prof)\.?[ ])?(?P<value>{WORD},{GAP}?{WORD}(?:{GAP}(?:{WORD}|{INITIAL})){{0,2}}|{FULL}{SUFFIX})"
        ),
        0.85,
        _labelled,
        begins=_labels,
    ),
    Rule(
        # A row below a heading of columns that blanks part: "PELLETIER G   103   7.2".
        "name.charted_row",
        PERSON,
        re.compile(
            rf"(?m)^[ \t]{{0,4}}(?P<value>(?:[DO]')?{U}{{2}}[^\W\da-z_]{{0,22}}(?:['-][^\W\da-z_]{{1,22}}){{0,2}},?[ ]{U}(?:\.?[ ]?{U})?\b\.?)(?=[ ]{{2,20}}[^\W_])"
        ),
        0.7,
        lambda match: not is_word(trimmed_words(match["value"])[0]) and not is_eponym(match),
        needs=_BY_COLUMNS,
    ),
    Rule(
        # CDA and other XML: <given>Eilidh</given>, <v3:family>Cruickshank</v3:family>.
        "name.labelled_element",
        PERSON,
        re.compile(
            r"(?i:<(?:[a-z][a-z0-9]{0,15}:)?(?:given|family|(?:first|last|middle|full|sur|fore|given|family|patient|maiden|vor|nach|familien|geburts)_?-?name|vorname|nachname|prenom|nombre|apellidos?)(?:[ ][^<>\n]{0,80})?>)[\s]{0,8}(?P<value>[^<>\s][^<>\n]{0,60}?)[\s]{0,8}</"
        ),
        0.9,
        lambda match: any(map(str.isalpha, match["value"])),
        cues=("</",),
    ),
    Rule(
        # The sender of a message in an exported chat: "[12.01.25, 18:05] Ferhat: ...", "[18:05] Inga ITS: ...".
        "name.labelled_sender",
        PERSON,
        re.compile(
            rf"(?m)^(?:\[?[0-9]{{1,4}}[./-][0-9]{{1,2}}[./-][0-9]{{1,4}},?[ ][0-9]{{1,2}}[:.][0-9]{{2}}(?::[0-9]{{2}})?(?:[ ]?[APap]\.?[Mm]\.?)?(?:\][ ]?|[ ]-[ ])|\[[0-9]{{1,2}}[:.][0-9]{{2}}(?::[0-9]{{2}})?(?:[ ]?[APap]\.?[Mm]\.?)?\][ ]?)~?[ ]?(?P<value>{FULL})(?=:[ ])"
        ),
        0.85,
        holds_name,
    ),
    Rule(
        # What stands alone behind the last words of a letter: "LG Steffi", "Un saludo,\nNieves".
        "name.labelled_closing",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?i:lg|vlg|vg|mfg|glg|hg|gruß|gruss|(?:(?:viele|liebe|beste|schöne|herzliche|freundliche)[rn]? )?gr(?:ü(?:ß|ss)|ues?s)e|mit (?:(?:freundlichen|kollegialen|besten|herzlichen),?(?: und)? ?){{1,2}}gr(?:ü(?:ß|ss)|uess)en|mit (?:freundlichem|kollegialem|bestem) gru(?:ß|ss)|hochachtungsvoll|herzlichst|(?:best|kind|warm|many)? ?(?:regards|wishes|thanks)|cheers|ta|thx|thanks|yours (?:sincerely|faithfully|truly)"
            rf"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|(?:un )?abrazos?|(?:bien )?(?:cordialement|confraternellement)|amicalement|bien à (?:vous|toi)|bises?|biz|bisous|bss|(?:un )?besos?|slds)[,.!]?(?:[ ]{{1,3}}|[ ]{{0,3}}\n\s{{0,6}})(?:i\.[ ]?A\.[ ])?(?P<value>{FULL})(?=[ \t]{{0,4}}(?:\n|\Z))"
        ),
        0.75,
        lambda match: holds_name(match) and not any(map(is_word, trimmed_words(match["value"]))),
        cues=(
            # Two letters are in many words, and this pattern is slow: what ends them is asked, too.
            *(short + end for short in ("lg", "vg", "mfg", "hg", "ta") for end in ",.! \n"),
            *(
                "gruß",
                "herzlichst",
                "gruss",
                "grüß",
                "grüss",
                "gruess",
                "hochachtung",
                "regards",
                "wishes",
                "thanks",
                "thx",
                "cheers",
            ),
            *("yours ", "saludo", "atentamente", "abrazo", "cordialement", "confraternellement"),
            *("amicalement", "bien à ", "bise", "biz", "bisou", "bss", "beso", "slds"),
        ),
    ),
    Rule(
        # "Pt KOVACS B | DOB ...", "Patient O'NEILL, J.": family name and initial, where a field ends.
        "name.charted",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:[Pp]t|PT|[Pp]atient|PATIENT|[Rr]e|RE)[ ]{{1,3}}(?P<value>(?:[DO]')?{U}{{2}}[^\W\da-z_]{{0,22}}(?:['-][^\W\da-z_]{{1,22}}){{0,2}},?[ ]{U}(?:\.?[ ]?{U})?\b\.?)(?=[ \t]{{0,8}}(?:[|,;()\n\d]|$|DOB\b|[Dd]ob\b))"
        ),
        0.7,
        lambda match: holds_name(match) and not is_word(trimmed_words(match["value"])[0]),
        needs=re.compile(rf"(?:[Pp](?:t|atient)|PT|PATIENT|[Rr]e|RE)[ ]{{1,3}}(?:[DO]')?{U}{{2}}"),
    ),
)
