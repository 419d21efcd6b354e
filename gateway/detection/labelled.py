"""Identifiers that a word beside them gives away: "MRN", "policy no.", "accession", "serial number".

With a label the number is a finding even if its check digit fails or its form is odd, since typing
errors are PHI too (45 CFR 164.514(b)(2)(i)(G)-(M), (P)-(R)).
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.rules import Rule, Rules, folded
from gateway.domain.entities import (
    ACCOUNT_NUMBER,
    BIOMETRIC_ID,
    CREDIT_CARD,
    DEVICE_ID,
    HEALTH_PLAN_NUMBER,
    IBAN_CODE,
    LICENSE_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    OTHER_ID,
    PASSPORT,
    PHOTO_ID,
    US_SSN,
    VEHICLE_ID,
    EntityType,
)

_S: Final = r"[\s_.\-/]{0,2}"
_NO: Final = rf"(?:{_S}(?:numbers?|nums?|no\.?|nos\.?|nr\.?|n°|nº|id(?:entifier|entification)?s?|codes?|#|ref(?:erence)?)){{0,2}}"
_GAP: Final = r"(?:[\s:=*_\"'`|(#\[<>,;\\-]{0,8}(?:(?:is|was|are|being|of|number|no|num|nr|id|code|the|patient|for|this|ending(?: in)?|listed as|recorded as|as|her|his|my|their|provided|given|with|under|reads|it's|issued|et|est|ist|lautet|es)\b[\s:=*\"'#.(,]{1,4}){0,4})"
_VALUE: Final = (
    r"#?(?:(?!is|was|no|the|for|and|of|id|or|in|on|at|to|as|nr|num|has|age|dob)[A-Za-z]{1,4}[ ](?=\d))?(?=[A-Za-z0-9./\-]{0,30}\d)[A-Za-z0-9](?:[A-Za-z0-9./\-]{0,38}[A-Za-z0-9])?(?:[ ](?=[A-Z0-9\-]{0,12}\d)[A-Z0-9\-]{1,12}(?![A-Za-z./%]|[ ]?(?:mg|ml|year|yo)))"
    r"{0,11}"
)
_LEAST: Final = 3
_LEAST_PLATE: Final = 5
_DATE_LIKE: Final = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}\Z")
_ORDINAL: Final = re.compile(
    r"\d{1,3}(?:st|nd|rd|th|mg|ml|kg|cm|mm|yo|y|f|m|%|-?year.*|-?day.*|-?week.*|-?month.*)\Z",
    re.IGNORECASE,
)


def _identifier(match: re.Match[str]) -> bool:
    value: str = match["value"].strip("#")
    if _DATE_LIKE.match(value) or _ORDINAL.match(value):
        return False
    return sum(char.isdigit() for char in value) >= _LEAST


def _short(match: re.Match[str]) -> bool:
    value: str = match["value"].strip("#")
    return _DATE_LIKE.match(value) is None and _ORDINAL.match(value) is None


_LABELS: Final[tuple[tuple[str, EntityType, str, float], ...]] = (
    (
        "mrn",
        MEDICAL_RECORD_NUMBER,
        (
            rf"(?:patient|hospital|facility|subject)?_?m\.?r\.?n\.?s?|m\.?r\.?[ ]?(?=#|no)|(?:medical|med\.?|patient|hospital|health|clinic|clinical|electronic){_S}(?:records?|rec\.?|recs|chart|file){_NO}|medrec|"
            rf"emr{_NO}|ehr{_NO}|epic{_S}id|mpi|empi|(?:chart|hospital|hosp\.?|unit|file|folder|dossier|record|records|rec){_S}(?:numbers?|num|no\.?|nr\.?|#|id)|"
            rf"(?:patient|pt\.?|client|person|subject|resident|participant|study|research){_S}(?:identification|identifier|id|ids|numbers?|no\.?|#|code|key){_NO}|"
            rf"patienten{_S}(?:nummer|nr\.?|id)|fallnummer|fall{_S}nr\.?|ipp|nip|nhc|nda|historia cl[ií]nica|n[uú]mero de historia|nombre de dossier|numéro de dossier|病历号|住院号|门诊号|病案号"
        ),
        0.95,
    ),
    (
        "ssn",
        US_SSN,
        rf"s\.?s\.?n\.?s?|s\.?s\.?[ ]?#|(?:social|soc\.?){_S}(?:security|sec\.?){_NO}|ss{_S}(?:number|no\.?|#)|social",
        0.95,
    ),
    (
        "health_plan",
        HEALTH_PLAN_NUMBER,
        (
            rf"(?:health|medical|dental|hmo|ppo){_S}(?:plan|insurance|card|coverage|policy){_S}(?:beneficiary|member|subscriber|policy)?{_NO}|(?:health[ -]?plan|plan){_S}(?:beneficiary|member|id|no\.?|number|#)?{_NO}|"
            rf"(?:insurance|ins\.?|insured|coverage){_S}(?:policy|member|card|group|plan|beneficiary|claim)?{_NO}|(?:policy|member(?:ship)?|subscriber|beneficiary|enrollee|group|certificate|claim|payer|rx{_S}(?:bin|pcn|grp|group)){_NO}|"
            rf"medicare{_NO}|medicaid{_NO}|tricare{_NO}|hicn?{_NO}|mbi{_NO}|hpbn|hbn|hpn|hpid|aetna|cigna|humana|blue cross(?: blue shield)?|bcbs|"
            rf"kvnr|versicherten{_S}(?:nummer|nr\.?)|krankenkassen{_S}nr\.?|n[ºo°]?{_S}afiliaci[oó]n|nass|naf|医保号|社保号"
        ),
        0.9,
    ),
    (
        "account",
        ACCOUNT_NUMBER,
        rf"(?:acc(?:oun)?t|acct|a/c|konto|cuenta|billing|bank|guarantor|invoice|inv|routing|aba|sort{_S}code|bic|swift|iban|payment|transaction|receipt|statement|bill){_S}(?:account|acct)?{_NO}|har{_S}(?:no\.?|#|number)|konto(?:nummer|nr\.?)",
        0.9,
    ),
    (
        "license",
        LICENSE_NUMBER,
        (
            rf"(?:driver'?s?'?|driving|medical|nursing|nurse|physician|state|professional|pharmacy|pharmacist|board|operator'?s?|pilot|medical board|rn|md|do|controlled substance|cds){_S}(?:licen[cs]e|lic\.?|licencia|permit|registration|certificate|certification){_NO}|"
            rf"(?:licen[cs]e|lic\.?|licencia|permit|certification|certificate|cert\.?|registration|reg\.?|credential|badge|cln|clia|dea|npi|upin|gmc|nmc|dl|d/l|führerschein|lanr|bsnr|rpps|adeli|finess|colegiado|n[ºo°]?{_S}col(?:egiado)?\.?){_NO}"
        ),
        0.85,
    ),
    (
        "vehicle",
        VEHICLE_ID,
        rf"vin{_NO}|vehicle{_S}(?:identification|identifier|id|registration|reg\.?|plate|tag|license){_NO}|(?:licen[cs]e|number|registration|car|tag|vanity){_S}plates?{_NO}|plates?{_NO}|kennzeichen|kfz{_S}kennzeichen|matr[ií]cula|immatriculation",
        0.85,
    ),
    (
        "device",
        DEVICE_ID,
        (
            rf"(?:device|pacemaker|implant|implanted|icd|pump|generator|lead|stent|prosthesis|defibrillator|cgm|ventilator|valve|hearing aid|model|equipment|asset|lot|batch|catheter|monitor|sensor|transmitter|neurostimulator|insulin pump|crt-d){_S}(?:serial|identifier|id|s/n|sn|no\.?|number|#){_NO}|"
            rf"serial{_NO}|s/n|sn{_S}(?:#|no\.?)|udi(?:-di|-pi)?{_NO}|imei{_NO}|ref{_S}(?:no\.?|number|#)|serien{_S}(?:nummer|nr\.?)"
        ),
        0.85,
    ),
    (
        "passport",
        PASSPORT,
        rf"passport{_NO}|pass{_S}(?:nummer|nr\.?|no\.?)|reisepass(?:nummer)?|pasaporte|passeport|护照号?",
        0.9,
    ),
    (
        "national_id",
        NATIONAL_ID,
        (
            rf"nhs{_NO}|chi{_S}(?:number|no\.?)|national{_S}(?:insurance|id|identity|identification|health){_NO}|nino?{_S}(?:number|no\.?)?|identity{_S}(?:card|document){_NO}|id{_S}card{_NO}|(?:tax|taxpayer){_S}(?:id|identification|payer)?{_NO}|itin|"
            rf"steuer{_S}(?:id|nummer|nr\.?)|personalausweis(?:nummer)?|dni|nie|nif|nir|insee|sécurité sociale|n°{_S}sécu|bsn|avs|ahv|cpf|aadhaar|pan{_S}(?:number|card)|身份证号?码?"
        ),
        0.9,
    ),
    (
        "card",
        CREDIT_CARD,
        rf"(?:credit|debit|bank|payment|visa|master){_S}cards?{_NO}|(?:visa|mastercard|amex|american express|discover){_NO}|cards?{_NO}|cvv|cvc",
        0.85,
    ),
    ("iban", IBAN_CODE, rf"iban{_NO}", 0.9),
    (
        "biometric",
        BIOMETRIC_ID,
        rf"(?:finger{_S}?prints?|thumb{_S}?prints?|palm{_S}?prints?|retinal?|iris|voice{_S}?prints?|facial|face{_S}recognition|biometric|dna|hand{_S}geometry|vein)(?:{_S}(?:scan|profile|template|sample|pattern|record|hash|recognition|identifier|reference|image|token|reader)){{0,2}}{_NO}",
        0.85,
    ),
    (
        "photo",
        PHOTO_ID,
        rf"(?:photo(?:graph)?s?|image|img|picture|pic|film|slide|dicom|scan|frame|mugshot|video){_S}(?:numbers?|num|no\.?|nr\.?|id|#|file(?:name)?|ref(?:erence)?|uid|series|study){_NO}",
        0.8,
    ),
    (
        "other",
        OTHER_ID,
        (
            rf"(?:accession|acc\.?|specimen|sample|case|encounter|enc\.?|visit|csn|fin|order|requisition|req\.?|referral|authorization|auth\.?|prior auth(?:orization)?|rx|prescription|script|confirmation|conf\.?|ticket|"
            rf"incident|reference|ref\.?|tracking|booking|appointment|appt\.?|admission|adm\.?|episode|employee|emp\.?|staff|student|military|service|dod|edipi|badge|donor|recipient|unos|transplant|trial|randomi[sz]ation|"
            rf"enrollment|protocol|report|document|doc\.?|form|application|inmate|offender|booking|docket|court|room|bed|locker|pathology|path|lab|cytology|radiology|biopsy|surgical|autopsy|blood bank|unit|barcode|wristband|bracelet|"
            rf"fallakte|auftrags|probe|journal|befund|a-|aufnahme){_S}(?:numbers?|nummer|num\.?|no\.?|nos\.?|nr\.?|ids?|identifier|code|#|key){_NO}|(?:unique|universal|internal|external|system|user|customer|client|national provider|tracking|personal){_S}(?:identification|identifier|id|code|number){_NO}|"
            rf"(?:specimen|case|encounter|visit|order|requisition|barcode|wristband)(?=[ \t]*[:#])|accession|uid|guid|uuid|csn|fin|edipi|id{_S}(?:no\.?|number|#|code|num)|ids?|pin|identifier|identificador|kennung|nº|n°|编号"
        ),
        0.8,
    ),
)
_BARE_SHORT: Final = {
    "other",
    "card",
    "device",
    "license",
    "account",
    "health_plan",
    "photo",
    "biometric",
    "vehicle",
}


def _rules() -> Iterator[Rule]:
    for name, entity, labels, score in _LABELS:
        before = rf"(?<![A-Za-z0-9])(?:{labels})(?![A-Za-z]){_GAP}(?P<value>{_VALUE})(?!\w)"
        yield folded(
            f"label.{name}",
            entity,
            before,
            score,
            _identifier if name in _BARE_SHORT else _short_or_identifier,
        )
        after = rf"(?<![\w.\-/])(?P<value>#?(?=[A-Za-z0-9\-]{{0,20}}\d)[A-Za-z0-9][A-Za-z0-9\-]{{3,30}})[ ]?\((?:{labels})\)"
        yield folded(f"label.{name}_after", entity, after, score, _identifier)


def _short_or_identifier(match: re.Match[str]) -> bool:
    return _short(match) and sum(char.isdigit() for char in match["value"]) > 1


_PLATE: Final = folded(
    "label.plate_letters",
    VEHICLE_ID,
    r"\b(?:licen[cs]e|number|registration|car|kfz)?[ -]?(?:plates?|kennzeichen)(?: (?:number|no\.?|#))?[\s:#]{1,4}(?:is |was |reads )?(?P<value>(?=[A-Z0-9 \-]{0,9}\d)[A-Z0-9]{1,4}[ \-]?[A-Z0-9]{1,4}(?:[ \-]?[A-Z0-9]{1,4})?)\b",
    0.8,
    lambda match: len(match["value"].replace(" ", "")) >= _LEAST_PLATE,
    cues=("plate", "kennzeichen"),
)
_LICENSE_SPACED: Final = folded(
    "label.mentioned",
    OTHER_ID,
    r"\b(?:licen[cs]e|passport|account|card|policy|member|record|ssn|mrn|chart|id|number)\b[^.\n\d]{0,30}?\b(?:number|no\.?|is|#)[\s:#]{1,3}(?P<value>[A-Z]{0,4}\d[\w\-]{3,30}(?:[ ]\d{2,8}){0,4})",
    0.7,
)
RULES: Final[Rules] = (*_rules(), _PLATE, _LICENSE_SPACED)

SHAPED: Final[Rules] = tuple(
    rule
    for rule in RULES
    if rule.name in {"label.mrn", "label.ssn", "label.health_plan", "label.national_id"}
)
"""The labelled identifiers that the output scanner looks for."""
