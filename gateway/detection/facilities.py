"""Hospitals, clinics and other care places by their form: a name and a kind, in either order.

Places that only their name tells are the tagger's to find.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.german_nouns import is_noun
from gateway.detection.letters import A, U
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import EPONYMS, is_word, words
from gateway.domain.entities import ORGANIZATION

_KIND: Final = (
    r"(?:[Hh]ospitals?|HOSPITAL|[Mm]ed(?:ical|\.)?[ ][Cc]ent(?:er|re)|MEDICAL CENTER|[Hh]ealth[ -]?[Cc]are(?: [Ss]ystem| [Cc]ent(?:er|re))?|Health(?: System| Cent(?:er|re)| Services| Network| Partners| Clinic)?|[Cc]linics?|CLINIC|"
    r"Medical (?:Group|Associates|School|Campus|Practice|College|Plaza|Pavilion|Institute)|(?:Cancer|Heart|Care|Surgery|Surgical|Trauma|Children's|Women's|Wellness|Treatment|Recovery|Dialysis|Imaging|Birth|Eye|Spine|Pain|"
    r"Oncology|Rehabilitation|Rehab|Nursing|Community|Counseling|Diabetes|Stroke|Outpatient|Urgent Care|Specialty|Behavioral|Health|Hospice|Veterans) (?:Cent(?:er|re)|Institute|Clinic|Hospital|Pavilion|Facility|Associates|Home|Unit)|"
    r"Infirmary|Hospice|LAB(?:S|ORATOR(?:Y|IES))?|FAMILY (?:PRACTICE|MEDICINE)|PHARMACY|HOSPICE|HEALTH CENT(?:ER|RE)|MEDICAL GROUP|NURSING HOME|URGENT CARE|Nursing Home|Nursing Facility|Rehab(?:ilitation)?|Urgent Care|Pharmacy|Laborator(?:y|ies)|Labs|Physicians|Pediatrics|Family Practice|Family Medicine|Surgery|Associates|Dental|Polyclinic|Sanatorium|"
    r"General(?: Hospital)?|Memorial(?: Hospital)?|Regional|Presbyterian|University|College|School|Institute|Academy|Foundation|Retirement (?:Home|Community)|Assisted Living|Senior Living|Care Home|Manor|Office|"
    r"[Kk]linikum|[Kk]rankenhaus|[Kk]linik|[Uu]niversitätsklinik(?:um)?|[Ss]pital|[Oo]spedale|[Zz]iekenhuis|NHS (?:Foundation )?Trust|Trust|VAMC|VA Medical Center|Medical|Center|Centre)"
)
_STRONG: Final = re.compile(
    r"hospital|medical|clinic|health|infirmary|hospice|klinik|krankenhaus|spital|nursing|rehab|trust|pharmacy|institute|university|vamc|ospedale",
    re.IGNORECASE,
)
_INSTITUTION: Final = re.compile(
    r"(?:Hospital|HOSPITAL|Med(?:ical|\.)? Cent(?:er|re)|MEDICAL CENTER|Infirmary|Hospice|General|Memorial)\Z"
)
_NAME_WORD: Final = rf"(?:St\.?|Ste\.?|Mt\.?|Ft\.?|{U}\.|{U}(?:{A}|['\-&.](?={A})){{0,24}}(?:'s?)?)"
_INNER: Final = r"(?:of|the|and|&|de|del|la|-)"
FORM: Final = re.compile(
    rf"(?<!\w){_NAME_WORD}(?:[ ](?:{_INNER}[ ]){{0,2}}{_NAME_WORD}){{0,4}}?[ ]{_KIND}(?!\w)(?:[ ](?:of|at|in|-)[ ](?:the[ ])?{U}{A}{{1,24}}(?:[ ](?:of[ ])?{U}{A}{{1,24}}){{0,3}})?(?:[ ](?:{_KIND})(?!\w)){{0,2}}"
)
_FIRST: Final = (
    "University|Hospital|Hospitals|Clinic|Institute|School|College|Medical College|Children's Hospital|Hôpital|Hôpitaux|Hospital [Uu]niversitario|Hospital [Gg]eneral|Clínica|Centro de [Ss]alud|Centro [Mm]édico|Clinique|CHU|CHR|CH|CHRU|GHU|HIA|MSP|USLD|EHPA|CLCC|CESFAM|SAPU|"
    "Ospedale|Klinikum|Universitätsklinikum|Krankenhaus|Policlinico|Fundación|Residencia|hôpital|hopital|clinique|clínica|EHPAD|Ehpad|Polyclinique|polyclinique|Centre hospitalier|Centre Hospitalier|centre hospitalier|Seniorenresidenz|Seniorenzentrum|Seniorenheim"
)
_KIND_FIRST: Final = re.compile(
    rf"(?<!\w)(?:(?:{_FIRST})(?:[ ](?:of|for|the|de|du|des|la|le|les|el|los|del|da|do|d'|l'|St\.|San|Santa)){{0,3}}[ ']{U}(?:{A}|['\-]){{1,24}}(?:[ ](?:(?:of|and|the|for|de|la|y|del|&)[ ]){{0,2}}(?:[dl]')?{U}(?:{A}|['\-]){{1,24}}){{0,4}})"
)
_FIRST_STOP: Final = frozenset(
    [
        "the",
        "a",
        "an",
        "our",
        "this",
        "that",
        "your",
        "my",
        "his",
        "her",
        "their",
        "any",
        "which",
        "local",
        "another",
        "at",
        "in",
        "from",
        "to",
        "and",
        "or",
        "of",
        "for",
        "with",
        "when",
        "what",
        "is",
        "are",
        "was",
    ]
)


_SPECIALTY: Final = re.compile(
    r"(?:Cirug[ií]a|Medicina|Consulta|Anestesia|Estado|Chirurgie|M[ée]decine)[ ]General\Z"
    r"|\A\w+(?:ische|liche)[ ](?:Klinik|Poliklinik)\Z"
)
"""What a department does: "Servicio de Cirugía General", "Medizinische Klinik" name no hospital."""
_OF_SOMEBODY: Final = frozenset(["Mr", "Mrs", "Ms", "Miss", "Dr", "Dr.", "Prof", "Prof."])
"""Whose clinic it is: "From Mr Adeyemi's clinic". The name is found by its title."""
_ADJECTIVE: Final = re.compile(r"[^\W\d_]{4,24}[ ]\Z")


_AT_A_DESK: Final = re.compile(
    r"\A[A-Z][a-z]+ (?:Secretary|Coordinator|Manager|Administrator|Clerk|Receptionist|Director|Nurse|Lead|Appointments?|Letters?|Visits?|Notes?|Course|Numbers?|Code|Name|Address)\Z"
)
"""Who works in a house, and what it writes: "Clinic Secretary"."""


def _is_a_house(match: re.Match[str]) -> bool:
    """Say whether "clínica" is a noun: "Entrevista Clínica Estructurada" is of no clinic."""
    if _AT_A_DESK.search(match[0]):
        return False
    if not match[0].lower().startswith(("clínica ", "clinique ")):
        return True
    before = _ADJECTIVE.search(match.string, max(0, match.start() - 26), match.start())
    if before is None:
        return True
    # "remisión clínica de la AR": a noun right before it, in the case that it has itself.
    return not (before[0][0].isupper() or before[0].endswith(("ción ", "sión ", "dad ", "ia ")))


def _named(match: re.Match[str]) -> bool:
    """Say whether a facility has a name: "City Hospital" has, "The Hospital" has not."""
    words = match[0].split()
    if _SPECIALTY.search(match[0]) or not _OF_SOMEBODY.isdisjoint(words):
        return False
    if {"in", "IN"}.intersection(words[1:2]) and is_word(words[0]):
        return False  # "COURSE IN HOSPITAL"
    while words and words[0].lower() in _FIRST_STOP:
        words = words[1:]
    if len(words) > 1 and _INSTITUTION.search(match[0]) and words[0][0].isupper():
        return True
    minimum = 2 if _STRONG.search(match[0]) else 3
    if len(words) < 2:  # noqa: PLR2004 - a name and a kind
        return False
    unusual = [word for word in words if not is_word(word) and word[0].isupper()]
    return bool(unusual) and (len(words) >= minimum or len(unusual) > 1)


_GENERAL: Final = words(
    """
    akut ambulanz aufnahme augen chirurgie fach frauen haut herz hno hospital kinder klinik kur lehr
    lungen medizin mutter kind nacht not notfall poli privat reha rheuma schmerz spezial station
    tages tier universität universitäts uni vater venen viszeral zahn zentrum chest pain day
    """
)
"""What a house is for, which many are: "Tages-Klinik", "Mutter-Kind-Zentrum"."""


def _is_called(match: re.Match[str]) -> bool:
    """Say whether a hyphenated house is called after somebody or something of its own."""
    *parts, house = match[0].lower().split("-")
    if house == "zentrum" and EPONYMS.issuperset(parts):
        return False  # "Wernicke-Zentrum": of a brain, and no house.
    return any(part not in _GENERAL and not is_word(part) for part in parts)


def _is_a_practice(match: re.Match[str]) -> bool:
    return not is_word(match["name"]) and not match["name"].endswith(("ung", "keit", "ion"))


_HAN_KIND: Final = r"(?:医院|醫院|卫生院|衛生所|卫生所|卫生室|卫生服务中心|卫生服务站|诊所|門診部|门诊部|保健院|疗养院|养老院|敬老院|福利院|疾控中心|药店|大药房)"
_HAN_SOME: Final = re.compile(
    r"(?:当地[县市区]?|外|我|本|该|上级|下级|各级?|某|多家|其他|另一?|贵|你|他|此|定点|附近|家附近|院外|指定|基层|[一二三]甲|[一二三]级|综合|专科|私立|公立|教学|民营|互联网|方舱|\A大|\A小|\A[县市省区]级?|\A乡?镇|\A社区|\A村|[县市省区]级|\A农村|国家|中国|省内|市内|私人|个体|大型|国内外?|知名|相关|有关|所有|部分|不同|同级|就近|原|转|再次|在|去|的)(?:[甲乙]等)?(?:人民|中心|综合|专科|中医|儿童|妇幼|肿瘤|精神|妇产|口腔|传染病|社区|甲等)*(?:医院|醫院|卫生院|卫生所|卫生室|卫生服务中心|卫生服务站|诊所|门诊部|保健院|疗养院|养老院|敬老院|福利院|疾控中心|药店|大药房)\Z"
)
_HAN_SORT: Final = re.compile(
    r"(?:人民|中心|综合|专科|中医|中西医结合|儿童|妇幼|妇产科?|肿瘤|精神|精神卫生|精神病|口腔|传染病|眼科|骨科|胸科|康复|附属|第[一二三四五六七八九十]|社区|总|大学|教学|互联网|宠物|护理)*"
    rf"{_HAN_KIND}\Z"
)
_HAN_VERB: Final = re.compile(
    r"[的了请送建议需患者们后前时并或若如应可因由被否未有无及与等每何拟曾行住出入我该]"
)


def _is_named_in_han(match: re.Match[str]) -> bool:
    """Say whether a house has a name of its own: 协和医院 has, 当地医院 and 人民医院 have not."""
    value = match["value"]
    if _HAN_SOME.search(value):
        return False
    name = _HAN_SORT.sub("", value)
    return len(name) > 1 and _HAN_VERB.search(name) is None


RULES: Final[Rules] = (
    Rule(
        # "就诊于北京协和医院", "光山县人民医院", "泼陂河镇卫生院".
        "facility.cjk",
        ORGANIZATION,
        re.compile(
            rf"(?:(?<![\u4e00-\u9fff])|(?<=[在于到往从至赴])|(?<=转入)|(?<=转至))(?P<value>(?![在于到往从至赴转])[\u4e00-\u9fff]{{2,14}}?{_HAN_KIND})(?![\u4e00-\u9fff]{{0,1}}(?:感染|获得))"
        ),
        0.6,
        _is_named_in_han,
        cues=("院", "所", "卫生室", "中心", "服务站", "门诊部", "門診部", "药店", "药房"),
    ),
    Rule(
        # "Gemeinschaftspraxis am Markt", "MVZ Nordstadt", "Radiologie am Wall".
        "facility.practice",
        ORGANIZATION,
        re.compile(
            rf"(?<![\w-])(?:{U}{A}{{3,20}}(?:isch|al|är)e[nrs]?[ ])?(?:{A}{{0,24}}[Pp]raxis(?:klinik)?|MVZ|Tagesklinik|Dialysezentrum|Ordination|Radiologie(?=[ ](?:am|an|im|in)[ ]))"
            rf"[ ](?:(?:am|an der|im|in der|zum|zur)[ ])?(?:(?:Dr|Drs|Dres|med)\.[ ]){{0,3}}(?P<name>(?!Drs?\b|Dres\b|Prof\b|Frau\b|Herr)\b{U}{A}{{2,24}}(?:-{U}{A}{{2,24}}){{0,2}})"
        ),
        0.6,
        _is_a_practice,
        cues=("praxis", "mvz ", "tagesklinik ", "dialysezentrum ", "ordination ", "radiologie "),
    ),
    Rule(
        # Houses and offices of Mexico, France and Austria, by their letters and their number or town.
        "facility.numbered",
        ORGANIZATION,
        re.compile(
            rf"(?<![\w-])(?:(?:UMF|HGZ|HGR|HGSZ|HGO|UMAE|UMAA)[ ](?:N[o.º°]{{1,2}}[ ]?)?[0-9]{{1,3}}(?:[ ]?\"[^\"\n]{{3,60}}\")?|(?:SAMU|SMUR|SDIS|CODIS|CPAM|MDPH|UDAF)[ ](?:du[ ]|de[ ](?:l[a'][ ]?)?)?[0-9]{{2,3}}|(?:LKH|KKH|BKH|UKH|BWK)[ ]{U}{A}{{2,24}})(?![\w-])"
        ),
        0.7,
        needs=re.compile(r"(?:UM|HG|S[AMD]|C[OP]|MD|UD|LKH|KKH|BKH|UKH|BWK)[A-Z]{0,3}[ ]"),
    ),
    Rule(
        # "Heinrich-Braun-Klinikum", "Astrid-Lindgren-Gesamtschule".
        "facility.hyphenated",
        ORGANIZATION,
        re.compile(
            rf"(?<![\w-])(?:{U}{A}{{2,24}}-){{1,4}}(?:[Kk]lini(?:k|kum|ken)|[Kk]rankenhaus|[Hh]ospital|[Ss]pital|[Hh]ospiz|[Ss]tift(?:ung)?|[Gg]ymnasium|(?:[Gg]rund|[Gg]esamt|[Rr]eal|[Hh]aupt|[Ff]örder)?[Ss]chule|[Pp]flegeheim|[Ss]eniorenheim|[Ss]eniorenzentrum|[Aa]ltenheim|[Aa]potheke|[Zz]entrum)(?![\w-])"
        ),
        0.6,
        _is_called,
        cues=(
            *("-klini", "-krankenhaus", "-hospital", "-spital", "-hospiz", "-stift", "-gymnasium"),
            *("schule", "-pflegeheim", "-seniorenheim", "-seniorenzentrum", "-altenheim"),
            *("-apotheke", "-zentrum"),
        ),
    ),
    Rule(
        # "Kantonsspital Baden", "Uniklinik Leipzig", "AKH Wien".
        "facility.german",
        ORGANIZATION,
        re.compile(
            rf"(?<![\w-])(?:(?:Kantons|Kreis|Landes|Bezirks|Regional|Bürger|Stadt|Universitäts|Uni|Diakonissen|Reha-?|Unfall|Bundeswehr|Marien|Josefs|Elisabeth)(?:[Kk]rankenhaus|[Kk]linikum|[Kk]linik|[Ss]pital|[Hh]ospital|zentralkrankenhaus)|AKH|Spital)[ ](?P<name>(?:St\.[ ])?{U}{A}{{2,24}}(?:-{U}{A}{{2,24}}){{0,2}})"
        ),
        0.6,
        lambda match: not is_noun(match["name"]),
        cues=("krankenhaus ", "klinikum ", "klinik ", "spital ", "hospital ", "akh "),
    ),
    Rule("facility.form", ORGANIZATION, FORM, 0.6, _named),
    Rule(
        # "Klinik für Allgemeinchirurgie des Diakonissenkrankenhauses Bärental", and no clinic without a house.
        "facility.department",
        ORGANIZATION,
        re.compile(
            rf"(?<!\w)(?:Klinik|Abteilung|Zentrum|Institut|Poliklinik|Ambulanz)(?: und Poliklinik)? für {U}[\w-]{{2,30}}(?:(?:,| und)? {U}[\w-]{{2,30}}){{0,4}} (?:des|der|am|im) {U}[\w-]{{0,30}}?(?:[Kk]rankenhaus(?:es)?|[Kk]linikums?|[Ss]pitals?|[Hh]ospitals?)(?: {U}{A}{{2,24}}){{0,2}}"
        ),
        0.6,
        cues=(" für ",),
    ),
    Rule(
        "facility.kind_first",
        ORGANIZATION,
        _KIND_FIRST,
        0.6,
        _is_a_house,
        needs=re.compile(rf"(?:{_FIRST})[ ']"),
    ),
)
