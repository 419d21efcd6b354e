"""Streets and towns as one country, or one kind of paper, writes them (45 CFR 164.514(b)(2)(i)(B)).

Capitals of identity cards, buildings with a name, Basque streets, a town behind a German street,
Cedex, the place of birth. What several countries share is in `addresses.py`.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import A, U
from gateway.detection.rules import Rule, Rules
from gateway.domain.entities import LOCATION, STREET_ADDRESS

_TOWN: Final = rf"{U}{A}{{1,24}}\.?(?:[ \-']{U}{A}{{1,24}}){{0,3}}"
_GERMAN: Final = (
    *("straße ", "strasse ", "str. ", "weg ", "allee ", "platz ", "pl. ", "gasse ", "gässchen "),
    *("gäßchen ", "sträßchen ", "damm ", "ufer ", "steig "),
)
"""How a German street ends, before its number."""

_ANGLE: Final = (
    r"\d{1,3}[ ]?°[ ]?\d{1,2}(?:[.,]\d{1,5})?[ ]?'[ ]?(?:\d{1,2}(?:[.,]\d{1,4})?[ ]?(?:\"|'')[ ]?)?"
)
"""Degrees, minutes and seconds, as `view.py` shows their marks."""

RULES: Final[Rules] = (
    Rule(
        # 48°51'29.6"N 2°17'40.2"E, N 48° 51.49' E 2° 17.67'.
        "place.coordinates_angles",
        LOCATION,
        re.compile(
            rf"(?<![\w.])(?:{_ANGLE}[NS][ ,;/]{{0,3}}{_ANGLE}[EWO]|[NS][ ]?{_ANGLE}[ ,;/]{{0,3}}[EWO][ ]?{_ANGLE})(?!\w)"
        ),
        0.9,
        cues=("°",),
    ),
    Rule(
        # A square of the earth by a code of Open Location Code, or by three words.
        "place.square",
        LOCATION,
        re.compile(
            r"(?<![\w+])[23456789CFGHJMPQRVWX]{6,8}\+[23456789CFGHJMPQRVWX]{2,3}(?![\w+])|(?<![\w/:])///[a-zà-ÿ]{2,24}\.[a-zà-ÿ]{2,24}\.[a-zà-ÿ]{2,24}(?![\w.])"
        ),
        0.8,
        cues=("+", "///"),
    ),
    Rule(
        # Basque: "Begiristain Doktorea Pasealekua, 109".
        "address.basque",
        STREET_ADDRESS,
        re.compile(
            rf"(?<!\w)(?:{U}{A}{{1,24}}[ ]){{1,4}}(?:[Kk]alea|[Pp]asealekua|[Ee]torbidea|[Hh]iribidea|[Bb]idea)(?:,[ ]?|[ ])(?:z/g|\d{{1,4}}[A-Za-z]?)\b"
        ),
        0.75,
        cues=("kalea", "pasealekua", "etorbidea", "bidea"),
    ),
    Rule(
        # As identity cards, tax offices and old systems print them: "AVDA. DE TOLOSA 118 P03 D".
        "address.capitals",
        STREET_ADDRESS,
        re.compile(
            r"(?<!\w)(?:AVDA\.?|AVENIDA|AVENUE|AV\.|CALLE|CARRER|C/|PASEO|PLAZA|PZA\.?|PL\.|CTRA\.?|CARRETERA|CAMINO|RONDA|TRAVES[IÍ]A|URB\.|BARRIO|RUE|BOULEVARD|BD|IMPASSE|CHEMIN|QUAI|ALL[EÉ]E)[ ]{0,2}"
            r"(?:(?:DE|DU|DES|DEL|LA|LE|LES|EL|LOS|LAS|D'|L')[ ]?){0,3}[^\W\da-z_]{2,24}(?:[ '.\-]{1,2}[^\W\da-z_]{1,24}){0,4},?[ ](?:N[.ºO°]{0,2}[ ]?)?[0-9]{1,4}[A-Z]?\b"
            r"(?:,?[ ](?:P[0-9]{1,2}|PISO|PTA\.?|ESC\.?|BJO|BAJO|ATICO|[0-9]{1,2}[ºª]?|IZQ|DCHA|[A-H])\b[ºª.]?){0,4}"
        ),
        0.75,
        needs=re.compile(
            r"AV|C/|CA|PASEO|PLAZA|PZA|PL\.|CTRA|RONDA|TRAVES|URB\.|BARRIO|RUE|B[OD]|IMPASSE|CHEMIN|QUAI|ALL"
        ),
    ),
    Rule(
        # A building with a name: "rés. Les Alamandas bât C apt 14", "immeuble Castel Vecchio, entrée B".
        "address.building",
        STREET_ADDRESS,
        re.compile(
            rf"(?<!\w)(?:(?:[Rr]ésidence|RÉSIDENCE|[Ii]mmeuble|IMMEUBLE|[Ll]otissement|[Ll]ieu-dit|LIEU-DIT|[Hh]ameau|[Uu]rbanización|URBANIZACIÓN)[ ]|(?<=[,(:][ ])(?:[Rr]és|[Ii]mm|[Uu]rb)\.[ ])"
            rf"(?:(?:[Dd]e|[Dd]u|[Dd]es|[Ll]a|[Ll]es?|[Ee]l|[Ll]os|[Ll]as)[ ]|[DdLl]'){{0,2}}{U}{A}{{1,24}}(?:[ '\-]{U}{A}{{1,24}}){{0,3}}"
            r"(?:,?[ ](?:bât(?:iment)?|entrée|esc(?:alier|alera)?|app?t|appartement|étage|porte|portal|bloque)\b\.?[ ]?(?:[A-Z](?!\w)|[0-9]{1,3})?(?!\w)){0,3}"
        ),
        0.6,
        cues=(
            "sidence",
            "immeuble",
            "lotissement",
            "lieu-dit",
            "hameau",
            "urbaniza",
            " rés.",
            " imm.",
            " urb.",
        ),
    ),
    Rule(
        # "Weilburger Gässchen 5, Runkel": a town behind a street of German form.
        "place.behind_street",
        LOCATION,
        re.compile(rf"\d{{1,4}}[ ]?[a-z]?,[ ](?P<value>{_TOWN})(?=[ ]{{0,3}}(?:\n|\Z|[,;)(]))"),
        0.6,
        lambda match: (
            match.string[max(0, match.start() - 12) : match.start()].lower().endswith(_GERMAN)
        ),
    ),
    Rule(
        # "STRASBOURG Cedex 29": mail that is sorted apart, in France.
        "place.cedex",
        LOCATION,
        re.compile(rf"(?<!\w){_TOWN}[ ](?:cedex|Cedex|CEDEX)(?:[ ]\d{{1,2}})?(?!\w)"),
        0.7,
        cues=("cedex",),
    ),
    Rule(
        # "LUGAR DE NACIMIENTO THIES", "Geburtsort: Celle".
        "place.birth",
        LOCATION,
        re.compile(
            rf"(?<!\w)(?:(?i:lugar de nacimiento|lieu de naissance|geburtsort|place of birth|birth ?place|town of birth)[ ]{{0,2}}[:/]?[ ]{{1,3}}(?P<value>{_TOWN}))"
        ),
        0.7,
        cues=("nacimiento", "naissance", "geburtsort", "birth"),
    ),
)
