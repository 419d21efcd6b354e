"""Names of people behind a title, a label or a verb that announces them, or before a degree.

A title or a label does not depend on the sentence around it; all other names are the tagger's.
Names that stand for a disease or a score are not people.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.german_nouns import has_given, is_noun
from gateway.detection.letters import FULL, GAP, INITIAL, MARK, WORD, A, U
from gateway.detection.name_words import (
    CREDENTIAL,
    HAN_RARER,
    HAN_SURNAME,
    LABEL,
    LABEL_GERMAN,
    NICKNAMED,
    SAID,
    TITLE,
)
from gateway.detection.rules import Rule, Rules, caseless
from gateway.detection.titles import (
    LATERAL,
    NO_NAMES_END,
    OF_A_POST,
    POST,
    is_titled,
    trimmed_words,
)
from gateway.detection.vocabulary import (
    EPONYM_NOUNS,
    EPONYMS,
    LOWER_STOP,
    NEVER_NAMES,
    TITLE_STOPS,
    is_word,
)
from gateway.domain.entities import PERSON
from gateway.domain.person_names import fold, is_given

_TITLE_START: Final = re.compile(
    # A pattern that begins with one of few letters is sought much faster.
    rf"[A-DF-PR-Wadfmnoprsuvw](?<![\w'].)(?<=(?={TITLE}[. \t]).)"
)
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
_SAID_START: Final = re.compile(
    rf"[acdghikmnoprstwy](?<![\w'].)(?<=(?={SAID.replace('?i:', '?:')}[ ,:\n]).)"
)
_HAN_NAME: Final = re.compile(
    rf"{HAN_SURNAME}|欧阳|司徒|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|长孙"
)
_HAN_STATE: Final = re.compile(
    r"高[热烧血龄危度]|黄[疸染]|于[昨今当前入外我20-9]|陈[述旧]|安[静返]|严[重禁]|时[有感而]|白[天班]|康复|苏醒|余[无未可]|向[其家医]|舒适|石膏|金属|平卧|常规|成功|何时|余热|护士|马上|白天|方便"
)
"""What a patient has or does, and begins with a surname: "患者高热,", "患者于昨日,"."""
_SUFFIX: Final = r"(?:,?[ ](?:Jr|Sr|II|III|IV)\b\.?)?"


_NO_NAME_BEGINS: Final = TITLE_STOPS | OF_A_POST


def _eponym(match: re.Match[str]) -> bool:
    """Say whether the name stands for a disease, a sign or a scale."""
    start, end = match.span("value") if "value" in match.re.groupindex else match.span()
    last = match.string[start:end].split()[-1].lower().rstrip(".,")
    return EPONYM_NOUNS.match(match.string, end) is not None and (
        last in EPONYMS or last.removesuffix("'s") in EPONYMS
    )


_ROMAN: Final = re.compile(r"(?:I{1,3}|IV)[ab]?")


def _field(match: re.Match[str]) -> bool:
    words = trimmed_words(match["value"])
    if len(words) > 1 and _ROMAN.fullmatch(words[-1]) and words[0].isupper():
        # "HI NYHA III" is a class, and nobody's third.
        words = words[:-1]
    if words[0].lower().rstrip(".'s") in NEVER_NAMES or words[0].lower() in NEVER_NAMES:
        return False
    if len(words) > 1:
        # "Grace Young" is two everyday words and a person: behind a label only forms' words count.
        return not any(word.lower().rstrip(".") in NEVER_NAMES for word in words)
    return not is_word(words[0])


_UNITS: Final = frozenset(["IE", "IU", "KE", "MG", "ML", "UI", "MO", "DI", "MI", "FR", "SA", "SO"])
_SIDE: Final = 2
_OF_A_LIST: Final = re.compile(r"(?:^|\n)[ ]{0,12}-[ ]\Z")
_GOES_ON: Final = re.compile(r"[ ][a-z]")


_LOOSE: Final = re.compile(
    r"(?i)(?:pat\.|kontakt|mutter|vater|eltern|tochter|sohn|bruder|schwester|partnerin|ehe|lebens|kind|enkel|neffe|nichte|schwieger|nachbar|freund|angehörige|pflege|leitung|physio|sozial|seelsorge|therapeut|an\b|von\b|betr|assistenz|anästhesie\b|op-|diktat|verteiler|empfänger|versicherte|beistand|unterschrift|visum|nachrichtlich|springer"
    r"|(?:befundet|diktiert|geschrieben|vidiert|freigegeben|validiert|unterschrieben|signiert|erstellt|erfasst|dokumentiert|bearbeitet|überwiesen|aufgenommen|übergeben|durchgeführt|angeordnet)\b)"
)
"""Labels behind which much else stands: only a known given name or an initial tells a person."""


_READING: Final = re.compile(r"[ =:]{1,3}[-+]?[0-9]{1,3}[.,][0-9]")


def _is_measured(match: re.Match[str]) -> bool:
    """Say whether two letters are a side and what is measured there: "RA MD 4.97", no doctor's."""
    value = match["value"]
    if value in _UNITS:
        return True  # "Mantoux (10 UI RT-23)", "(DI, DO und SA)"
    if match[0].endswith("PA") and LATERAL.match(match.string, match.end()):
        return True
    return (
        len(value) == _SIDE and value.isupper() and bool(_READING.match(match.string, match.end()))
    )


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
    if any(is_word(word) or word.lower() in _NO_NAME_BEGINS for word in words):
        return False
    if any(word.lower().endswith((*NO_NAMES_END, "ée")) for word in words):
        return False
    return _field(match) and (len(words) > 1 or _NO_COLON.match(match[0]) is not None)


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
            return _field(match) or single
        if _LOOSE.match(label) or any(map(is_noun, re.split(r"[\s,-]+", match["value"]))):
            return False
    if _KIN_LABEL.match(label):
        # "Madre: Diabetes Mellitus" says what she has: a given name says who she is.
        return _field(match) and any(is_given(fold(word)) for word in trimmed_words(match["value"]))
    return _field(match) and not (single and _ASKS.search(label) is None)


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


def _addressed(text: str) -> Iterator[int]:
    """Yield where titles begin."""
    for title in _TITLE_START.finditer(text):
        yield title.start()


def _announced(text: str) -> Iterator[int]:
    """Yield where the words begin that announce a name."""
    for said in _SAID_START.finditer(caseless(text)):
        yield said.start()


_MEANS: Final = re.compile(
    r"(?:ung|tion|keit|heit|skopie|ektomie|graphie|grafie)\Z|^(?:Fax|E-Mail|Mail|Telefon|Post|Sectio|Hand|Protokoll)\Z"
)
_EDITION: Final = re.compile(
    r"[ ](?:v(?:ersion)?[ .]?[0-9]|[0-9]{4}\b|guid|recommend|protocol|criteri|standard|consensus)",
    re.IGNORECASE,
)


def _is_of_a_guideline(match: re.Match[str]) -> bool:
    """Say whether capitals are a society's or a standard's: "per CTCAE v5.0"."""
    value = match["value"]
    if match[0][:4].lower() == "per " and _MEANS.search(value):
        return True  # "per Abduktion", "per Fax": by which means.
    return value.isupper() and bool(_EDITION.match(match.string, match.end()))


def _said(match: re.Match[str]) -> bool:
    """Say whether a name is announced: "Yours sincerely, Consultant Rheumatologist" has none."""
    if POST.search(trimmed_words(match["value"])[-1]):
        return False
    return _field(match) and not _eponym(match) and not _is_of_a_guideline(match)


_OF_A_TOOL: Final = re.compile(
    r"[\"']{0,2},?\s{0,3}[\"']?(?:arguments|parameters|description|input_?schema|args|kwargs|input|strict|returns)[\"']?\s?:",
    re.IGNORECASE,
)
"""What stands behind the name of a tool: its arguments, or what it is for."""


def _lower_field(match: re.Match[str]) -> bool:
    words = match["value"].split()
    if _OF_A_TOOL.match(match.string, match.end()):
        return False
    return not any(word in LOWER_STOP for word in words)


RULES: Final[Rules] = (
    Rule(
        "name.titled",
        PERSON,
        re.compile(
            rf"(?<![\w']){TITLE}(?:\.?[ \t]{{1,3}}|\.(?=med\.))(?:(?:(?:[Dd]r|DR|[Mm]ed|MED|h\.c|Prof|[Mm]rs?|univ|dent|rer|nat|phil|habil|vet|O[AÄ]|C[AÄ]|PD|Priv\.-Doz|Dipl\.-Psych|Mag|Prim|Oberarzt|Oberärztin|Chefarzt|Chefärztin|Kollegen?|Kollegin)\.?[ \t]{{1,2}}|[Dd]r\.in[ ]|(?:[Dd]r\.|med\.)(?=med\.|univ\.))){{0,5}}(?P<value>{FULL}{_SUFFIX})"
        ),
        0.9,
        is_titled,
        begins=_addressed,
    ),
    Rule(
        # "Dr.Sharma", "Dr (Mrs) Lata Sharma", "Prof.(Dr.) A.K.Sharma".
        "name.titled_joined",
        PERSON,
        re.compile(
            rf"(?<![\w'.@/])(?:Drs?|Mrs?|Ms|Prof|Smt)(?:\.|\.?[ ]?\((?:Dr|Mrs?|Ms|Miss|Prof|Col)\.?\)[ ]?)(?P<value>(?:{U}\.[ ]?){{0,3}}{U}[a-z][^\W\d_]{{1,24}}(?:['-]{A}{{1,24}})?(?:[ ]{U}[a-z]{{2,24}}){{0,2}})(?![\w@/]|\.[a-z])"
        ),
        0.8,
        lambda match: (
            trimmed_words(match["value"])[0].lower().rstrip(".") not in _NO_NAME_BEGINS
            and not is_word(trimmed_words(match["value"])[0])
        ),
        needs=re.compile(r"(?:Drs?|Mrs?|Ms|Prof|Smt)(?:\.[A-Z(]|\.?[ ]?\([DMPC])"),
    ),
    Rule(
        # "Drs Pemberton and Okafor": the second of them.
        "name.titled_second",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:Drs|Doctors|Messrs|Profs|Professors|Nurses)\.?[ ]{FULL}(?:[ ](?:and|&)[ ]|[ ]?/[ ]?)(?P<value>{FULL})"
        ),
        0.8,
        lambda match: not is_word(trimmed_words(match["value"])[0]),
        needs=re.compile(r"(?:Drs|Doctors|Messrs|Profs|Professors|Nurses)\.?[ ]"),
    ),
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
        "name.titled_lower",
        PERSON,
        re.compile(
            r"(?<![\w'])(?:dr|mr|mrs|ms\.|miss|prof|doctor|nurse)\.?[ ](?P<value>[a-z][a-z'\-]{2,24}(?:[ ][a-z][a-z'\-]{2,24}(?=[,.;)\n]|$))?)(?![\w\-])"
        ),
        0.6,
        lambda match: (
            match["value"].split()[0] not in LOWER_STOP
            and not is_word(match["value"].split()[0])
            and not match["value"].split()[0].endswith(("ed", "ing", "ly", "es"))
        ),
    ),
    Rule(
        "name.labelled",
        PERSON,
        re.compile(
            rf"(?:(?<![^\W_])|(?<=[a-z])(?=N))(?i:{LABEL}){MARK}(?:(?:Dr|Mrs?|Ms|Prof)\.?[ ])?(?P<value>{WORD},{GAP}?{WORD}(?:{GAP}(?:{WORD}|{INITIAL})){{0,2}}|{FULL}{_SUFFIX})"
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
        lambda match: not is_word(trimmed_words(match["value"])[0]) and not _eponym(match),
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
        _field,
    ),
    Rule(
        # What stands alone behind the last words of a letter: "LG Steffi", "Un saludo,\nNieves".
        "name.labelled_closing",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?i:lg|vlg|vg|mfg|glg|hg|gruß|gruss|(?:(?:viele|liebe|beste|schöne|herzliche|freundliche)[rn]? )?gr(?:ü(?:ß|ss)|ues?s)e|mit (?:(?:freundlichen|kollegialen|besten|herzlichen),?(?: und)? ?){{1,2}}gr(?:ü(?:ß|ss)|uess)en|mit (?:freundlichem|kollegialem|bestem) gru(?:ß|ss)|hochachtungsvoll|(?:best|kind|warm|many)? ?(?:regards|wishes|thanks)|cheers|ta|thx|thanks|yours (?:sincerely|faithfully|truly)"
            rf"|(?:un )?(?:cordial )?saludos?|atentamente|(?:un )?abrazos?|(?:bien )?(?:cordialement|confraternellement)|amicalement|bien à (?:vous|toi)|bises?|biz|bisous|bss|(?:un )?besos?|slds)[,.!]?(?:[ ]{{1,3}}|[ ]{{0,3}}\n\s{{0,6}})(?:i\.[ ]?A\.[ ])?(?P<value>{FULL})(?=[ \t]{{0,4}}(?:\n|\Z))"
        ),
        0.75,
        lambda match: _field(match) and not any(map(is_word, trimmed_words(match["value"]))),
        cues=(
            # Two letters are in many words, and this pattern is slow: what ends them is asked, too.
            *(short + end for short in ("lg", "vg", "mfg", "hg", "ta") for end in ",.! \n"),
            *(
                "gruß",
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
        lambda match: _field(match) and not is_word(trimmed_words(match["value"])[0]),
        needs=re.compile(rf"(?:[Pp](?:t|atient)|PT|PATIENT|[Rr]e|RE)[ ]{{1,3}}(?:[DO]')?{U}{{2}}"),
    ),
    Rule(
        "name.labelled_lower",
        PERSON,
        re.compile(
            r"(?<![^\W_])(?i:(?:patient|pt|full|first|last|client|mother|father|doctor|my|her|his|the)?(?:'s)?[ _]?name)(?:[\s\"']{0,2}[:=][\s\"']{0,3}|[ ](?:is|was)[ ])(?P<value>[a-z][a-z'\-]{1,24}(?:[ ][a-z][a-z'\-]{1,24}){0,2}?)(?=[ ]?[,.;\n\"')]|[ ](?:and|dob|age[d]?|date|born|mrn|who|is|a|with|from|he|she|presents|here)\b|$)"
        ),
        0.7,
        _lower_field,
        cues=("name",),
    ),
    Rule(
        "name.said",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:{SAID})[ ,:\n]{{1,3}}(?:[Dd]r\.?[ ])?(?P<value>{FULL}{_SUFFIX})"
        ),
        0.7,
        _said,
        begins=_announced,
    ),
    Rule(
        # 'Mr Entwistle (also known as "Spike")': what people call somebody, in quotation marks.
        "name.nickname",
        PERSON,
        re.compile(
            rf"(?<![\w'])(?:{NICKNAMED})[ :]{{1,2}}[\"'\u201c\u201e\u00ab\u2018][ ]?(?P<value>{WORD}(?:{GAP}{WORD})?)(?=[ ]?[\"'\u201d\u201c\u00bb\u2019])"
        ),
        0.7,
        # A syndrome has a nickname, too, and an everyday word in it.
        lambda match: (
            _field(match)
            and not _eponym(match)
            and not any(map(is_word, trimmed_words(match["value"])))
        ),
        needs=re.compile("[ :][\"'\u201c\u201e\u00ab\u2018]"),
    ),
    Rule(
        "name.dictated",
        PERSON,
        re.compile(
            r"\b(?i:name is|name's|named|patient is called|i am|my name is)[ ](?P<value>[a-z][a-z'\-]{1,20}[ ][a-z][a-z'\-]{1,20})(?=[,.;\n]|[ ](?:and|dob|age|date|born|mrn|who)\b|$)"
        ),
        0.6,
        _lower_field,
        cues=("name is", "name's", "named", "is called", "i am"),
    ),
    Rule(
        "name.credential",
        PERSON,
        re.compile(
            rf"(?<![\w'\-])(?P<value>{FULL}),?[ ]{CREDENTIAL}(?![\w']|-(?:\d|[A-ZÄÖÜ][a-zäöüß]))"
        ),
        0.8,
        lambda match: _field(match) and not _is_measured(match),
        needs=re.compile(rf"[ ]{CREDENTIAL}(?![\w'])"),
    ),
    Rule(
        "name.cjk",
        PERSON,
        re.compile(
            r"(?:(?:患者|病人)?姓名|患者|病人|医生|医师|联系人)(?P<mark>[: ]{0,2})(?P<value>[\u4e00-\u9fff]{2,4})(?=[,。;\s(男女]|$)"
        ),
        0.7,
        # Without a mark the next word may be a verb, as in "医师查房".
        lambda match: (
            (bool(match["mark"]) or _HAN_NAME.match(match["value"]) is not None)
            and ("姓名" in match[0] or _HAN_STATE.match(match["value"]) is None)
        ),
        cues=("姓名", "患者", "病人", "医", "联系人"),
    ),
    Rule(
        # "孙护士长": a surname that many people in China bear, and a post.
        "name.cjk_post",
        PERSON,
        re.compile(
            rf"(?:(?<![\u4e00-\u9fff])|(?<=[由经请找是与和向被跟问])(?!于))(?P<value>(?!向|于医[生师]){HAN_SURNAME}|(?!于医[生师])[{HAN_RARER}])(?=护士(?!站)|护师|医生|医师|大夫|主任|教授|院长|药师|技师|女士|先生|太太|阿姨|老师|师傅|警官|律师)"
        ),
        0.6,
        cues=("护", "医", "大夫", "主任", "教授", "院长", "师", "女士", "先生", "太太", "阿姨"),
    ),
)
