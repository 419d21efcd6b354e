"""Street addresses, postcodes, and places that come with them (45 CFR 164.514(b)(2)(i)(B))."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import A, U
from gateway.detection.rules import Rule, Rules, folded
from gateway.detection.vocabulary import EPONYMS
from gateway.domain.entities import LOCATION, STREET_ADDRESS
from gateway.domain.person_names import fold, is_given

_STATES: Final = "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|PR|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]|A[AEP]|GU"
_STATE_NAMES: Final = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|"
    "Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|"
    "New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|"
    "Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
)
_TYPES: Final = (
    "street|st|avenue|ave|av|road|rd|boulevard|blvd|drive|dr|lane|ln|court|ct|place|pl|square|squares|sq|terrace|ter|trail|trl|parkway|pkwy|highway|hwy|"
    "circle|cir|way|row|close|crescent|cres|gardens|gdns|grove|mews|alley|loop|pike|turnpike|expressway|freeway|route|rte|broadway|walk|plaza|plz|"
    "ridge|hill|hills|crossing|xing|run|bend|point|pt|view|parade|esplanade|quay|wharf|heights|hts|causeway|commons|path|glen|manor|park|"
    "straße|strasse|str|weg|allee|platz|gasse|ring|damm|ufer|straat|laan|plein|gade|vej|vägen|gatan|gata|katu|tie|vei|veien|utca|út|ulica|ulice|cesta|trg|"
    "streets|avenues|roads|radial|promenade|camp|extension|ext|tce|pde|cct|crt|drv|circuit|wynd|bvd|chase|vale"
)
_FIRST: Final = (
    "Rue|Avenue|Av\\.|Avda\\.?|Avenida|Boulevard|Bd|Bld|Blvd|Calle|C/|Via|Viale|Vicolo|Corso|Piazza|Piazzale|Largo|Plaza|Pza\\.?|Rua|Travessa|Estrada|Praça|Carrer|"
    "Carretera|Ctra\\.?|Camino|Paseo|Pº|Ronda|Glorieta|Place|Pl\\.|Allée|Chemin|Impasse|Quai|Cours|Route|Square|ul\\.|Ulica|Trg|Str\\.|Strada|Strasse|Straße|"
    "Jalan|Nábřeží|Náměstí|Passeig|Avinguda|Plaça|Rambla|Passatge|Rúa|Praza|Pasaje|Pje\\.|Travesía|Bulevar|Polígono|Callejón"
)
_ENDINGS: Final = "straße|strasse|str\\.|weg|allee|platz|pl\\.|gasse|ring|damm|ufer|straat|laan|plein|gade|vej|vägen|gatan|gata|katu|tie|vei|veien|stien|steig|kamp|hof|berg|tanya|puiestee|tänav|gränd|stræde|brink|dijk|kade|singel|steen|huis"
_ENDED: Final = tuple(_ENDINGS.replace("\\", "").split("|"))
_BEHIND_NUMBER: Final = (
    *("rue", "avenue", "av.", "bd", "boulevard", "allée", "chemin", "impasse", "place", "quai"),
    *("cours", "route", "via", "viale", "calle", "rua", "ul."),
)
"""Kinds of street that stand between its number and its name."""
_FRENCH: Final = r"[Rr]te|[Ii]mp\.|[Aa]ll\.|[Ss]quare|[Rr]uelle|[Ss]entier|[Ff]aubourg|[Vv]enelle|[Pp]romenade|[Rr]ond-point|[Cc]haussée|[Bb]ld|[Bb]vd|[Bb]lvd|[Pp]assage"
_WORD: Final = rf"{A}(?:{A}|['.\-]){{0,24}}"
_GAP: Final = r"[ \t]{1,3}"
_UNIT: Final = r"(?:apartment|apt|suite|ste|unit|flat|floor|fl|building|bldg|bld|room|rm|lot|trailer|trlr|space|spc|dept|wing|block|stock|etage|piso|planta|puerta|appt|bât|stiege|top)\b\.?[ ]?#?[ ]?(?=[A-Z]?\d|[A-Z]\b)[A-Za-z]?\d{0,5}[A-Za-z]?(?:-\w{1,4})?"
_TAIL: Final = (
    rf"(?:[,.]?[\s]{{1,3}}(?:#[ ]?\w{{1,6}}|(?i:{_UNIT})))?"
    rf"(?:,?[\s]{{1,3}}{U}{A}{{1,24}}(?:[ '\-]{U}{A}{{1,24}}){{0,3}},[ ]?(?:{_STATES}|{_STATE_NAMES})\b)?"
    r"(?:,?[ ]\d{5}(?:-\d{4})?\b)?"
)
_CITY: Final = rf"{U}{A}{{1,24}}\.?(?:[ \-']{{1}}{U}{A}{{1,24}}){{0,3}}"
_MEASURES: Final = frozenset(
    [
        "o",
        "à",
        "a",
        "y",
        "e",
        "et",
        "ou",
        "und",
        "oder",
        "bis",
        "mg",
        "ml",
        "mcg",
        "g",
        "kg",
        "cm",
        "mm",
        "units",
        "unit",
        "iu",
        "to",
        "x",
        "and",
        "or",
        "every",
        "per",
        "by",
        "of",
        "at",
        "in",
        "for",
        "from",
        "bid",
        "tid",
        "qid",
        "daily",
        "day",
        "days",
        "hours",
        "hrs",
        "hr",
        "min",
        "weeks",
        *("week", "month", "months", "year", "years", "hour"),
        *("día", "días", "semana", "semanas", "mes", "meses", "año", "años", "hora", "horas"),
        *("jour", "jours", "semaine", "semaines", "mois", "an", "ans", "heures"),
        *("tag", "tage", "tagen", "woche", "wochen", "monat", "monate", "monaten", "jahr"),
        *("jahre", "jahren", "stunden"),
        "times",
        "tablets",
        "tabs",
        "puffs",
        "gtt",
        "ng",
        "dl",
        "mmol",
        "meq",
        "l",
        "bpm",
        "mmhg",
        "percent",
        "vs",
        "plus",
        "minus",
        "over",
        "was",
        "is",
        "are",
        "has",
        "had",
        "with",
        "on",
        *("en", "par", "por", "dans", "sur", "üd"),
        "who",
        "pt",
        "patient",
        *("patients", "pacientes", "patienten"),
        *("after", "before", "then", "while", "when", "pls", "please", "could", "can", "cannot"),
    ]
)


_SENTENCE: Final = 5
_DOUBTFUL: Final = frozenset(["ct", "dr", "pt"])
"""Types that mean something else behind the words of a sentence: a scan, a title, a patient."""

_ENDS_A_SENTENCE: Final = re.compile(r"(?:[a-z]{3,}|h)\.")
"""A word in small letters with its stop: "checksum bad. Chase", "2 h. Walk-in"."""


def _street(match: re.Match[str]) -> bool:
    """Say whether the words between number and type may be a street: "5 by Dr" and "3 days at St" are not."""
    words = match[0].split()
    if any(word.strip(".,") in _MEASURES for word in words[1:-1]):
        return False
    if any(map(_ENDS_A_SENTENCE.fullmatch, words[1:-1])):
        return False
    # "21 Pkt. Der behandelnde Orthopäde Dr", "61, boyfriend Tre also pt": the type is no street's.
    return len(words) < _SENTENCE or words[-1].strip(".") not in _DOUBTFUL


_DEGREES: Final = frozenset(["MD", "PA"])
_SHORTEST_CITY: Final = 3
_MILITARY: Final = frozenset(["AA", "AE", "AP"])
_POST_OFFICES: Final = frozenset(["APO", "FPO", "DPO"])
_SIGNED: Final = re.compile(
    r"(?:(?<![^\W_])[A-Z]\.?|(?i:\b(?:dr|by|surgeon|physician|provider|attending|signed|author|resident)\b[.:*_]{0,4}))[ ]{0,3}\Z"
)


_LABEL_ID: Final = re.compile(r"(?:\A|[^,] )ID ")


def _not_degree(match: re.Match[str]) -> bool:
    """Say whether a place it is: "S. Bijan, MD" and "SURGEON: Bartholomew Njoroge, MD" are people."""
    city = match[0].partition(",")[0]
    last = city.split()[-1]
    if len(last) < _SHORTEST_CITY and last.isupper():
        return False  # "amio 150 IV, NE up": a route and a drug.
    if city.isupper() and len(city) <= _SHORTEST_CITY:
        return False  # "CEA, CT": what was measured, and a scan.
    if match["state"] in _MILITARY and city not in _POST_OFFICES:
        return False  # "Bilirubin, AP, GGT"
    if match["state"] not in _DEGREES:
        return True
    if any(is_given(fold(word)) or len(word.strip(".")) == 1 for word in city.split()):
        return False
    before = match.string[max(0, match.start() - 24) : match.start()]
    return _SIGNED.search(before) is None


def _not_dose(match: re.Match[str]) -> bool:
    return (
        not match.string[match.start() : match.start() + 24]
        .lower()
        .split(maxsplit=1)[-1]
        .startswith(("mg", "ml", "mcg", "year", "day", "week", "month", "hour", "min"))
    )


_ROUTE: Final = re.compile(
    r"[ ](?:via|route)[ ](?:oral|intra|endo|sub|rectal|t[oó]pica|parenteral|nasal|inhal|a[eé]rea|biliar|iv\b|im\b|sc\b)"
)
"""How a drug is given: "cada 8, vía oral"."""
_TWICE: Final = re.compile(r" bd (?:x|for|po|iv|pc|with|until)\b")
"""Twice a day: "clarithromycin 500 bd x 7/7"."""
_BOX: Final = re.compile(r"box[ ]?#?[0-9]{1,2}", re.IGNORECASE)
_RURAL: Final = re.compile(r"[0-9][,.]?[ ]{1,2}\Z")


def _is_rented(match: re.Match[str]) -> bool:
    """Say whether a box is for letters: "HC 61 Box 22" is, "UCI box 9" is where somebody lies."""
    return _BOX.fullmatch(match[0]) is None or bool(
        _RURAL.search(match.string, max(0, match.start() - 4), match.start())
    )


_COUNTED: Final = re.compile(
    r"[ -]{1,2}(?:bett|bed|lit|person|pers|camas|°|grad|degree|air|m\b(?!\.)|m²|qm|uhr|h\b)",
    re.IGNORECASE,
)


def _is_counted(match: re.Match[str]) -> bool:
    """Say whether the number tells something else of a room: "Zimmer 2-Bett", "Room 21 °C"."""
    return _COUNTED.match(match.string, match.end()) is not None


_NUMBER: Final = r"[n0-9](?<![\w.,/$\-].)(?:(?<=n)o\.? ?\d{1,6}|(?<=[0-9])\d{0,5})"
"""A number behind no other, perhaps after "No.": what begins with one of few signs is sought fast."""
NUMBER_FIRST: Final = (
    rf"{_NUMBER}(?:[A-Za-z]|[-/ ]\d{{1,5}}[A-Za-z]?)?,?{_GAP}(?:(?:North|South|East|West|[NSEW]|[NS][EW])\.?{_GAP})?"
    rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)){_GAP}){{1,5}}?(?:{_TYPES})\b\.?(?:{_GAP}(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?)?(?:{_GAP}\d{{1,5}}[A-Za-z]?\b)?"
)
_NO_STREETS: Final = EPONYMS | {"sortie", "partie", "garantie", "pharmacie", "biopsie"}
"""What ends like a street of Germany, and is a sign, or of Finland, and is French."""
RULES: Final[Rules] = (
    folded("address.street", STREET_ADDRESS, NUMBER_FIRST, 0.8, _street),
    Rule(
        "address.street_tail",
        STREET_ADDRESS,
        re.compile(
            rf"[0-9](?<![\w.,/$\-].)\d{{0,5}}[A-Za-z]?{_GAP}(?:(?:{U}{A}{{0,24}}\.?|\d{{1,3}}(?:st|nd|rd|th)){_GAP}){{1,5}}?(?i:{_TYPES})\b\.?{_TAIL}"
        ),
        0.85,
        _not_dose,
    ),
    Rule(
        "address.numbered_street",
        STREET_ADDRESS,
        re.compile(
            r"(?<![\w.,/$\-])\d{1,6}[ ](?:(?:N|S|E|W|North|South|East|West)\.? )?(?:Broadway|Highway \d{1,4}|Route \d{1,4}|US-\d{1,3}|County Road \d{1,5}|Avenue [A-Z])\b"
        ),
        0.8,
        cues=("broadway", "highway ", "route ", "us-", "county road ", "avenue "),
    ),
    Rule(
        "address.type_first",
        STREET_ADDRESS,
        re.compile(
            rf"(?<!\w)(?:\d{{1,6}}[ ]){{0,2}}(?:bis |ter )?(?:{_FIRST})[ ](?:(?:de|du|des|da|do|dos|della|la|le|les|el|los|del|di|d'|of|von|der|den)[ ]){{0,2}}{_WORD}(?:[ ]{_WORD}){{0,4}}?,?[ ](?:n[.ºo°]{{0,2}}[ ]?)?\d{{1,5}}[A-Za-z]?\b(?:,[ ]?\d{{1,3}}[ºª]?[ ]?[A-Z]?\b)?"
        ),
        0.75,
        needs=re.compile(rf"(?:{_FIRST})[ ]"),
    ),
    folded(
        "address.number_type_first",
        STREET_ADDRESS,
        rf"(?<![\w.,/$\-])(?:\d{{1,6}}[ ])?\d{{1,5}}[ ]?(?:bis|ter)?,?[ ](?:{'|'.join(map(re.escape, _BEHIND_NUMBER))})[ ](?:(?:de|du|des|la|le|les|el|los|del|d')[ ]?){{0,2}}{_WORD}(?:[ \-]{U}{_WORD}){{0,3}}",
        0.7,
        lambda match: (
            _ROUTE.search(match[0]) is None
            and _TWICE.search(match[0]) is None
            # "03:40 via EMS": how somebody came, and when.
            and match.string[max(0, match.start() - 1) : match.start()] != ":"
        ),
        cues=tuple(f" {kind} " for kind in _BEHIND_NUMBER),
    ),
    Rule(
        # "12 passage du Havre", "3 rte de Lyon": kinds that are words, too, before a capital.
        "address.french",
        STREET_ADDRESS,
        re.compile(
            rf"(?<![\w.,/$\-])\d{{1,4}}(?:[ ]?(?:bis|ter|quater))?,?[ ](?:{_FRENCH})[ ](?:(?:de la|du|des|de|la|les?)[ ]){{0,1}}(?:[dl]')?{U}{A}{{2,24}}(?:[ '\-]{U}{A}{{1,24}}){{0,3}}"
        ),
        0.7,
        needs=re.compile(rf"[ ](?:{_FRENCH})[ ]"),
    ),
    Rule(
        "address.compound",
        STREET_ADDRESS,
        re.compile(rf"(?<!\w){U}{A}{{2,30}}(?:{_ENDINGS})[ ][1-9]\d{{0,4}}[ ]?[A-Za-z]?\b"),
        0.75,
        # "Blumberg 1": a sign and how strong it is. "Sortie 19 mai": when somebody went home.
        lambda match: match[0].split()[0].lower() not in _NO_STREETS,
        cues=tuple(f"{ending} " for ending in _ENDED),
    ),
    folded(
        "address.labelled",
        STREET_ADDRESS,
        r"(?:\b|_)(?:home |mailing |street |postal |billing |current |permanent |work )?(?:(?:rechnungs|liefer|wohn|heimat|post|melde|privat|e?mpfänger)?adresse|(?:wohn|liefer|rechnungs)?anschrift|address|addr\.?|dirección|domicilio|住址|地址)(?:_?(?:line|1|2)){0,2}[\s*_\"'`|]{0,4}[:=][\s*_\"'`|]{0,4}(?P<value>(?=[^\n\"|]{0,60}\d)[^\n\"|;]{4,110}?)(?=\.?[ ]{1,3}[^\W\d_]{2,16}(?:[ ][^\W\d_]{2,12})?:|\.?[ ]*(?:\n|\Z)|[\"|;])",
        0.6,
        cues=("addr", "adress", "anschrift", "direcc", "domicilio", "址"),
    ),
    Rule(
        "address.unit_tail",
        STREET_ADDRESS,
        re.compile(
            rf"(?<!\w)(?i:apartment|apt|suite|ste|unit|flat)\b\.?[ ]?#?[ ]?\d{{1,5}}[A-Za-z]?,?[ ]{U}{A}{{1,24}}(?:,?[ ]\(?{U}{A}{{1,24}}\)?){{0,4}}(?:[ ]\d{{4,6}})?"
        ),
        0.6,
        cues=("apartment", "apt", "suite", "ste", "unit", "flat"),
    ),
    folded(
        "address.unit",
        STREET_ADDRESS,
        r"(?<!\w)(?:apartment|apt|suite|ste|unit|flat|appt|bldg)\b\.?[ ]?#?[ ]?(?=[A-Za-z]?\d)[A-Za-z]?\d{1,5}[A-Za-z]?\b",
        0.6,
        lambda match: (
            not match.string[match.end() : match.end() + 10]
            .lower()
            .lstrip()
            .startswith(("of", "mg", "ml", "/", "per", "insulin", "units"))
        ),
        cues=("apartment", "apt", "suite", "ste", "unit", "flat", "appt", "bldg"),
    ),
    Rule(
        # "Zi: 119", "Zimmer-Nr. 3.117", "Chambre n° 204", "Habitación 12B": where somebody lies.
        "place.room",
        LOCATION,
        re.compile(
            r"(?<![\w])(?:Zi(?:mmer)?[.\-]{0,2}(?:Nr|Nummer)?|Zimmernummer|[Cc]hambre|CHAMBRE|Chbre?|Habitación|Hab|Room|Rm|Ch(?=\.?[ ][1-9]\d\d))"
            r"(?:[ ]?[.:]{1,2}[ ]{0,2}|[ ](?:Nr|No|n|N)[.º°]{1,2}[ ]?|[ ])(?P<value>[A-Z]?\d{1,4}(?:\.\d{1,3})?[A-Za-z]?)(?![\w%/°]|[.,]\d)"
        ),
        0.6,
        lambda match: not _is_counted(match),
        cues=("zi", "ch", "habitaci", "hab", "room", "rm"),
    ),
    folded(
        "address.po_box",
        STREET_ADDRESS,
        r"\b(?:p\.?[ ]?o\.?[ ]?box|p\.o\.b\.|(?:private|locked) bag(?: x)?|post(?:al)? (?:office )?box|postfach|apartado(?: (?:de correos|postal|aéreo))?|casilla(?: (?:de correos?|postal))|boîte postale|case postale|psc|cmr|unit|box)[ ]?#?\d{1,6}(?:,? box[ ]?\d{1,6})?(?:\s{1,3}(?:APO|FPO|DPO)[ ](?:AA|AE|AP)[ ]\d{5})?",
        0.75,
        _is_rented,
        cues=(
            "box",
            "p.o.b",
            "private bag",
            "locked bag",
            "postfach",
            "apartado",
            "casilla",
            "postale",
            "psc",
            "cmr",
        ),
    ),
    Rule(
        "address.military",
        STREET_ADDRESS,
        re.compile(
            r"(?:\bUS(?:S|NS|CGC|NV)[ ][^\s,]{2,30}(?:[ ][^\s,]{2,30})?\s{1,3})?\b(?:APO|FPO|DPO),?[ ](?:AA|AE|AP)(?:[ ]\d{5}(?:-\d{4})?)?"
        ),
        0.85,
        cues=("apo", "fpo", "dpo"),
    ),
    folded(
        "address.corner",
        STREET_ADDRESS,
        rf"\b(?P<value>(?:the )?(?:corner|intersection) of {_WORD}(?:[ ]{_WORD}){{0,3}}?(?:[ ]\d{{1,5}}\.?)?[ ](?:and|&|with)[ ]{_WORD}(?:[ ]{U}{_WORD}){{0,2}})",
        0.7,
        cues=("corner", "intersection"),
    ),
    Rule(
        "place.city_state_zip",
        LOCATION,
        re.compile(
            rf"(?<!\w)(?:{_CITY},?[ ])?(?:{_STATES}|{_STATE_NAMES}),?[ ]{{1,2}}\d{{5}}(?:-\d{{4}})?(?!\d)"
        ),
        0.9,
        # "patient ID 67890" is no patient of Idaho.
        lambda match: not _LABEL_ID.search(match[0]),
        needs=re.compile(r"[ ]\d{5}(?!\d)"),
    ),
    Rule(
        # "Ballarat VIC 3350", "Halifax, NS B3H 1A1".
        "place.city_province",
        LOCATION,
        re.compile(
            rf"(?<!\w)(?:{_CITY},?[ ]{{1,2}}(?:NSW|VIC|Vic|QLD|Qld|TAS|Tas)[ ,]{{1,2}}[0-9]{{4}}(?![\w%])|{_CITY},?[ ](?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT)(?=[ ]{{1,2}}[A-Z][0-9][A-Z][ -]?[0-9][A-Z][0-9]))"
        ),
        0.8,
        needs=re.compile(
            r"(?:NSW|VIC|Vic|QLD|Qld|TAS|Tas)[ ,]{1,2}[0-9]{4}|[A-Z]{2}[ ]{1,2}[A-Z][0-9][A-Z][ -]?[0-9][A-Z][0-9]"
        ),
    ),
    folded(
        # "House No. 123", "Flat no 301", "Door No. 12/3", "Plot No. 45", "H.No. 12-3-45".
        "address.house",
        STREET_ADDRESS,
        r"(?<![\w.])(?:house|flat|door|plot|h\.? ?no|h/no|d\.no)(?:(?<=no)\.?|[ ]no\.?)[ :]{0,2}[0-9]{1,5}(?:[-/][0-9a-z]{1,5}){0,3}(?![\w%])",
        0.6,
        cues=("house n", "flat n", "door n", "plot n", "h.no", "h no", "h. no", "h/no", "d.no"),
    ),
    Rule(
        "place.city_state",
        LOCATION,
        re.compile(rf"(?<!\w){_CITY},[ ]?(?P<state>{_STATES}|{_STATE_NAMES})(?![\w-])"),
        0.7,
        _not_degree,
        needs=re.compile(rf",[ ]?(?:{_STATES}|{_STATE_NAMES})(?!\w)"),
    ),
    Rule(
        "place.coordinates",
        LOCATION,
        re.compile(
            r"(?<![\w.])-?\d{1,3}\.\d{3,8}°?[ ]?[NS]?,[ ]?-?\d{1,3}\.\d{3,8}°?[ ]?[EW]?(?!\w)"
        ),
        0.6,
        needs=re.compile(r"\.\d{3}"),
    ),
)
