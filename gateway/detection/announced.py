"""Names that their place in a paper announces: a pedigree's number, a card's label, "initials".

Also "OBASEKI,RUGUE T" without a blank, as laboratories and ward systems write it between their
separators. Rule: a sign that no sentence has stands beside each, so that no word list decides.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.label_words import THINGS
from gateway.detection.letters import FULL, GAP, PARTICLE, WORD
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import is_word
from gateway.domain.entities import PERSON

_NOT_CAPITALS: Final = r"(?![A-Z]{2,5}\b)"
"""A short word in capitals behind a name is what somebody has: "II-1 Chukwudi CRC"."""
_CARD: Final = (
    r"(?:(?:sur|fore|given |first |last |family |full )?names?|noms?(?: de famille| d'usage)?|pr[ée]noms?(?:\(s\))?|(?:nach|vor|geburts|familien)namen?|name"
    r"|apellidos?|nombres?|cognoms?|cognome|nome|apelidos?|姓名|姓|名)"
)


_NOBODY: Final = re.compile(
    r"(?i)(?:proband|propositus|proposita|index|indexpatient|patient)(?:in|en|s)?\Z"
)
_DICTATED: Final = re.compile(
    r"(?m)(?:^|[ \t])(?:(?:DD|DT|D|T|TD|JOB)[ ]?[:#]|[dt]:[ ]?[0-9])|(?i:dictated|transcribed)"
)
_NO_LETTERS: Final = frozenset(
    [
        "ja",
        "no",
        "si",
        "sí",
        "oui",
        "non",
        "yes",
        "na",
        "n/a",
        "nein",
        "NO",
        "SI",
        "SÍ",
        "JA",
        "OK",
        "ok",
        "EDTA",
    ]
)
"""What a form says instead of a name."""
_OF_TIME: Final = frozenset(
    ["uhr", "h", "am", "pm", "utc", "mez", "cet", "est", "pst", "gmt", "std", "min", "cst"]
)
"""What stands behind a time of day, too."""
_KIN: Final = re.compile(
    r"(?<!\w)(?:[Ss]ibs|[Ss]ib?lings?|[Cc]hildren|[Kk]ids|[Ss]isters|[Bb]rothers|[Ss]ons|[Dd]aughters|[Gg]randchildren"
    r"|Kinder|Geschwister|Brüder|Schwestern|Söhne|Töchter|Enkel|[Hh]ermanos|[Hh]ermanas|[Hh]ijos|[Hh]ijas"
    r"|[Ee]nfants|[Ff]ratrie|[Ff]rères|[Ss]œurs)[ ]?(?:[:(]|are\b|sind\b|-)"
)
"""Words for several kin, and the sign that they are told one by one."""
_FARTHEST_KIN: Final = 90
_ANOTHER_PART: Final = re.compile(r"[.\n](?:[ ]|\Z)|\n")


def _of_kin(match: re.Match[str]) -> bool:
    """Say whether a word for several kin stands before the name, in the same sentence."""
    text, start = match.string, match.start("value")
    last = None
    for kin in _KIN.finditer(text, max(0, start - _FARTHEST_KIN), start):
        last = kin
    return last is not None and _ANOTHER_PART.search(text, last.end(), start) is None


_WORD_BEFORE: Final = re.compile(r"([^\W\d_]{1,16})[.]?[ ]\Z")


def _is_relative(match: re.Match[str]) -> bool:
    """Say whether a number is of a pedigree, and not "Table II-1", and a name stands behind it."""
    before = _WORD_BEFORE.search(match.string, max(0, match.start() - 18), match.start())
    if before is not None and before[1].lower() in THINGS:
        return False
    return _NOBODY.match(match["value"].split()[0]) is None and _is_name(match)


def _is_name(match: re.Match[str]) -> bool:
    return not is_word(match["value"].split()[0])


def _are_names(match: re.Match[str]) -> bool:
    return not any(is_word(word) for word in re.split(r"[, .]+", match["value"]) if len(word) > 1)


RULES: Final[Rules] = (
    Rule(
        # "II-3 Festus well 70": a person of a pedigree, by generation and place in it.
        "name.labelled_pedigree",
        PERSON,
        re.compile(
            rf"(?<![\w./-])(?:I{{1,3}}|IV|VI{{0,3}})[-.:/][0-9]{{1,2}}[ :]{{1,2}}(?P<value>{_NOT_CAPITALS}{WORD}(?:{GAP}(?:{PARTICLE}{GAP})?{_NOT_CAPITALS}{WORD}){{0,2}})"
        ),
        0.85,
        _is_relative,
        cues=(
            *("proband", "propositus", "pedigree", "family history", "index case", "index patient"),
            *(
                "stammbaum",
                "indexpatient",
                "familienanamnese",
                "cas index",
                "cas-index",
                "arbre",
                "caso indice",
            ),
            *("caso índice", "árbol", "genogram", "先证者", "家系"),
        ),
    ),
    Rule(
        # A card in several languages: "Name/Surname/Nom   GEBRESELASSIE", or the name below it.
        "name.labelled_card",
        PERSON,
        re.compile(
            rf"(?im)^[ \t]{{0,4}}(?:[0-9(.)]{{1,4}}[ ])?{_CARD}(?:[ ]?/[ ]?{_CARD}){{1,3}}[ \t]{{0,3}}(?:[ \t:]{{1,12}}|\n[ \t]{{0,8}})(?P<value>[^\W\d_][^\W\d_'\-]{{1,24}}(?:[ '\-][^\W\d_]{{1,24}}){{0,4}})(?=[ \t]{{0,40}}(?:\n|\Z)|[ \t]{{2}})"
        ),
        0.85,
        lambda match: match["value"][0].isupper() and _is_name(match),
        cues=("/",),
    ),
    Rule(
        # "Subject initials: M-T", "Iniciales MTG   F. nac.", "Kürzel: abk".
        "name.labelled_initials",
        PERSON,
        re.compile(
            r"(?<![\w])(?:(?i:(?:pt|patient|subject|proband)(?:'s)?[ ]initials)[ ]?[:=]?[ ]{0,3}"
            r"|(?i:initials|initialen|iniciales|initiales|namenszeichen|handzeichen|首字母)(?:[ ]?[:=][ ]{0,4}|[ ]{2,6}|[ ](?=[A-Z][^\n\w]{0,2}[A-Z-][^\n\w]{0,2}[A-Z]?[^\n\w]{0,2}(?:[ ]{2}|\n|\Z))))"
            r"(?P<value>[A-Z](?:[.\-]{0,2}[ ]?[A-Z]){1,3}\.?)(?![\w])"
        ),
        0.8,
        cues=("initial", "inicial", "namenszeichen", "handzeichen", "首字母"),
    ),
    Rule(
        # Who typed or signed, by their letters: "Schreibdienst: mw", "Firma del médico: MBH".
        "name.labelled_typist",
        PERSON,
        re.compile(
            r"(?<![\w])(?i:schreibdienst|schreibkraft|sekretariat|transcri(?:bed|ptionist)(?: by)?|typ(?:ed by|ist)|taken by|recib(?:e|id[oa](?: por)?)|frappe|frappé par|saisi par|visa|extrac\.|extraíd[oa] por|recogid[oa] por|registrad[oa] por|validad[oa](?: por)?|préleveur|prélevé par|validé par|rédigé par|rempli[e]? par|redactad[oa](?: por)?|transcrit[oa](?: por)?|tallad[oa](?: por)?|paraphe|mecanografiad[oa](?: por)?"
            r"|(?:firma|signature|unterschrift)(?: (?:del médico|de la médica|du médecin|des arztes|of physician))?)[ ]?:[ ]{1,3}(?P<value>[A-Z]{2,4}|[a-z]{2,4})(?=[ \t]{0,8}(?:\n|\Z|[/;|,.)])|[ \t]{2})"
        ),
        0.7,
        lambda match: not is_word(match["value"]) and match["value"] not in _NO_LETTERS,
        needs=re.compile(
            r":[ ]{1,3}(?:[A-Z]{2,4}|[a-z]{2,4})(?:[ \t]{2}|[ \t]{0,8}(?:[\n/;|,.)]|\Z))"
        ),
    ),
    Rule(
        # The same in Chinese laboratories: "采样人 WXL", "审核者:lm".
        "name.labelled_typist_cjk",
        PERSON,
        re.compile(
            r"(?:采样|采集|抽血|记录|检验|检测|审核|报告|操作|录入|核对|打印)[人者员师](?:[ ]?[:\uff1a][ ]{0,3}|[ ]{1,4})(?P<value>[A-Z]{2,4}(?:[,\u3001/][A-Z]{2,4})?|[a-z]{2,4})(?![^\W_]|[-.])"
        ),
        0.7,
        lambda match: not is_word(match["value"]) and match["value"] not in _NO_LETTERS,
        cues=("人", "者", "员", "师"),
    ),
    Rule(
        # The foot of a dictated letter: "JOB: 551209  NOB/mlk", "TR: jsk".
        "name.labelled_dictation",
        PERSON,
        re.compile(
            r"(?m)(?:(?<=[ \t]{2})|(?<=\n)|(?<=[0-9][ ]))(?P<value>[A-Z]{2,4}[:/][a-z]{2,4})(?=[ \t]{0,8}$|[ ]{1,4}(?i:job|doc|conf|wt)\b)"
        ),
        0.7,
        lambda match: _DICTATED.search(match.string) is not None,
        needs=re.compile(r"[A-Z][/:][a-z]{2,4}[ \t]{0,8}(?:\n|\Z|[ ](?i:job|doc|conf|wt)\b)"),
    ),
    Rule(
        # Who did it, by their letters behind the time: "tel. voraus 30.6. 14:15 (kd)", "HZ vb", "Hz.: KS".
        "name.labelled_hand",
        PERSON,
        re.compile(
            r"(?m)(?:(?<=[0-9][:.][0-9]{2} \()|(?<=[0-9][:.][0-9]{2}\()|(?<=[0-9]h \()|(?<=Uhr \()"
            r"|(?<![\w])(?:HZ|Hz\.|Hdz\.?|Kzl?\.)[ ]?:?[ ]{0,2})"
            r"(?P<value>[a-z]{2,3}|[A-Z][a-z]?[A-Z]|[A-Z]{3}|[A-Z][a-z]{1,2})(?=\)|[ \t]{0,8}(?:$|[,;|/]))"
        ),
        0.7,
        lambda match: (
            not is_word(match["value"])
            and match["value"] not in _NO_LETTERS
            and match["value"].lower() not in _OF_TIME
        ),
        needs=re.compile(r"[0-9h] ?\([A-Za-z]{2,3}\)|Uhr \(|H(?:Z|z\.|dz)|Kz"),
    ),
    Rule(
        # Sisters, brothers and children by name and age: "Sibs: Amare 4, Liya 6", "Kinder: Jonte (3), Ida (5)".
        "name.labelled_siblings",
        PERSON,
        re.compile(
            rf"(?:(?<=[,;:(/&+] )|(?<=[,;:(/&+])|(?<=\band )|(?<=\bund )|(?<=\bet )|(?<=\b[ye] )|(?<=[a-z]{{2}} ))(?P<value>{WORD}(?:[ ]{WORD})?)[ ]?(?:\([ ]?|,[ ])?(?=[0-9]{{1,2}}(?![0-9%]|[.,][0-9]|[ ]?(?:mg|ml|g|kg|cm|mm|°)))"
        ),
        0.7,
        lambda match: _of_kin(match) and _is_name(match),
        needs=_KIN,
    ),
    Rule(
        # Given names that are abbreviated: "Wm. Abercrombie", "Fco. Lamas", "Mª Pilar".
        "name.abbreviated",
        PERSON,
        re.compile(
            rf"(?<![\w.])(?P<value>(?:Wm|Chas|Geo|Jas|Thos|Robt|Edw|Benj|Saml|Jos|Fco|Gpe)\.[ ]{FULL}|M\.?ª[ ]{FULL})"
        ),
        0.7,
        lambda match: not is_word(match["value"].split()[1]),
        cues=(
            *("wm.", "chas.", "geo.", "jas.", "thos.", "robt.", "edw.", "benj.", "saml.", "jos."),
            *("fco.", "gpe.", "mª", "m.ª"),
        ),
    ),
    Rule(
        "name.charted_comma",
        PERSON,
        re.compile(
            r"(?<=[\"'=>|\t\n:])(?P<value>[A-Z][A-Z'\-]{2,24},[A-Z]{3,20}(?:[ ][A-Z](?![\w])\.?)?)(?=[\"'|\t\n<;]|[ ]{2}|\Z)"
        ),
        0.6,
        _are_names,
        needs=re.compile(r",[A-Z]{3}"),
    ),
)
