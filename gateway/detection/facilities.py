"""Hospitals, clinics and other care places by their form, and well-known ones and cities by name.

The names listed here are common knowledge, written down for this program; no gazetteer was copied.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.letters import A, L, U
from gateway.detection.rules import Rule, Rules
from gateway.detection.vocabulary import EPONYM_NOUNS, is_word
from gateway.domain.entities import LOCATION, ORGANIZATION

_KIND: Final = (
    r"(?:[Hh]ospitals?|HOSPITAL|[Mm]ed(?:ical|\.)?[ ][Cc]ent(?:er|re)|MEDICAL CENTER|[Hh]ealth[ -]?[Cc]are(?: [Ss]ystem| [Cc]ent(?:er|re))?|Health(?: System| Cent(?:er|re)| Services| Network| Partners| Clinic)?|[Cc]linics?|CLINIC|"
    r"Medical (?:Group|Associates|School|Campus|Practice|College|Plaza|Pavilion|Institute)|(?:Cancer|Heart|Care|Surgery|Surgical|Trauma|Children's|Women's|Wellness|Treatment|Recovery|Dialysis|Imaging|Birth|Eye|Spine|Pain|"
    r"Oncology|Rehabilitation|Rehab|Nursing|Community|Counseling|Diabetes|Stroke|Outpatient|Urgent Care|Specialty|Behavioral|Health|Hospice|Veterans) (?:Cent(?:er|re)|Institute|Clinic|Hospital|Pavilion|Facility|Associates|Home|Unit)|"
    r"Infirmary|Hospice|Nursing Home|Nursing Facility|Rehab(?:ilitation)?|Urgent Care|Pharmacy|Laborator(?:y|ies)|Labs|Physicians|Pediatrics|Family Practice|Family Medicine|Surgery|Associates|Dental|Polyclinic|Sanatorium|"
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
_INNER: Final = r"(?:of|the|and|&|at|for|de|del|la|in|-)"
FORM: Final = re.compile(
    rf"(?<!\w){_NAME_WORD}(?:[ ](?:{_INNER}[ ]){{0,2}}{_NAME_WORD}){{0,4}}?[ ]{_KIND}(?!\w)(?:[ ](?:of|at|in|-)[ ](?:the[ ])?{U}{A}{{1,24}}(?:[ ](?:of[ ])?{U}{A}{{1,24}}){{0,3}})?(?:[ ](?:{_KIND})(?!\w)){{0,2}}"
)
_KIND_FIRST: Final = re.compile(
    rf"(?<!\w)(?:(?:University|Hospital|Hospitals|Clinic|Institute|School|College|Medical College|Children's Hospital|Hôpital|Hôpitaux|Hospital [Uu]niversitario|Hospital [Gg]eneral|Clínica|Centro de [Ss]alud|Centro [Mm]édico|Clinique|CHU|CHR|CH|"
    rf"Ospedale|Klinikum|Universitätsklinikum|Krankenhaus|Policlinico|Fundación|Residencia|hôpital|hopital|clinique|clínica)(?:[ ](?:of|for|the|de|du|des|la|le|les|el|los|del|da|do|d'|l'|St\.|San|Santa)){{0,3}}[ ']{U}(?:{A}|['\-]){{1,24}}(?:[ ](?:(?:of|and|the|for|de|la|y|del|&)[ ]){{0,2}}(?:[dl]')?{U}(?:{A}|['\-]){{1,24}}){{0,4}})"
)
_KNOWN_CARE: Final = (
    r"Johns Hopkins|Mayo(?: Clinic)?|Cedars?[ -]Sinai|M(?:oun)?t\.? Sinai|NYU(?: Langone)?|UCLA|UCSF|UCSD|UPMC|UNC|MGH|BWH|BIDMC|Mass(?:achusetts)? General|Mass Gen|Kaiser(?: Permanente)?|Beth Israel(?: Deaconess)?|"
    r"Stanford|Baylor|Vanderbilt|Duke|Emory|Sloan[ -]Kettering|MSKCC|MSK|M\.?D\.? Anderson|Brigham(?: and Women's)?|Harborview|Bellevue|Columbia|NewYork[ -]Presbyterian|New York[ -]Presbyterian|NYP|Montefiore|Northwell|Penn Medicine|"
    r"Geisinger|Ochsner|Sutter|Scripps|Banner|Intermountain|Rush|Northwestern|Yale[ -]New Haven|Dana[ -]Farber|Tufts|Lahey|Henry Ford|Beaumont|Barnes[ -]Jewish|Cleveland Clinic|Texas Children's|CHOP|Tampa General|Jackson Memorial|"
    r"HCA|Dignity|Ascension|Providence|Mercy|Methodist|Good Samaritan|Sacred Heart|Charité|Guy's|Addenbrooke's|St\.? (?:Jude|Luke|Mary|John|Joseph|Michael|Vincent|Thomas|Peter|Francis|Anthony|Bartholomew|Elizabeth|Catherine|Anne|Agnes|Clare|Mark|Paul|George|David|James|Barnabas|Rita|Charles|Alphonsus)(?:'?s)?|"
    r"Quest Diagnostics|LabCorp|Walgreens|CVS|Rite Aid|Walter Reed"
)
_CITIES: Final = (
    "New York(?: City)?|NYC|Brooklyn|Manhattan|Queens|(?:the )?Bronx|Staten Island|Los Angeles|Chicago|Houston|Phoenix|Philadelphia|San Antonio|San Diego|Dallas|San Jose|Austin|Jacksonville|Fort Worth|Columbus|"
    "Charlotte|San Francisco|Indianapolis|Seattle|Denver|Washington,? D\\.?C\\.?|Boston|El Paso|Nashville|Detroit|Oklahoma City|Portland|Las Vegas|Memphis|Louisville|Baltimore|Milwaukee|Albuquerque|Tucson|Fresno|"
    "Sacramento|Kansas City|Mesa|Atlanta|Omaha|Colorado Springs|Raleigh|Miami|Long Beach|Virginia Beach|Oakland|Minneapolis|Tulsa|Tampa|Arlington|New Orleans|Wichita|Cleveland|Bakersfield|Honolulu|Anaheim|"
    "Santa Ana|Riverside|Corpus Christi|Lexington|Stockton|St\\. Louis|St\\. Paul|Saint Paul|Cincinnati|Pittsburgh|Greensboro|Anchorage|Plano|Lincoln|Orlando|Irvine|Newark|Toledo|Durham|Chula Vista|Fort Wayne|"
    "Jersey City|St\\. Petersburg|Laredo|Buffalo|Madison|Lubbock|Chandler|Scottsdale|Reno|Glendale|Norfolk|Boise|Richmond|Spokane|Baton Rouge|Tacoma|San Bernardino|Modesto|Des Moines|Fayetteville|Rochester|"
    "Yonkers|Worcester|Little Rock|Salt Lake City|Birmingham|Hartford|Providence|Savannah|Charleston|Springfield|Pasadena|Palo Alto|Berkeley|Ann Arbor|Silicon Valley|Bay Area|Midwest|"
    "London|Manchester|Liverpool|Leeds|Glasgow|Edinburgh|Bristol|Cardiff|Belfast|Dublin|Paris|Lyon|Marseille|Toulouse|Berlin|Hamburg|Munich|München|Köln|Cologne|Frankfurt|Stuttgart|Leipzig|Dresden|Hannover|Wien|Vienna|Graz|"
    "Zürich|Zurich|Geneva|Basel|Bern|Madrid|Barcelona|Valencia|Sevilla|Seville|Bilbao|Rome|Milan|Naples|Turin|Amsterdam|Rotterdam|Brussels|Stockholm|Oslo|Copenhagen|Helsinki|Warsaw|Prague|Budapest|Lisbon|Athens|Istanbul|Moscow|"
    "Toronto|Montreal|Vancouver|Ottawa|Calgary|Sydney|Melbourne|Brisbane|Perth|Auckland|Tokyo|Beijing|Shanghai|Hong Kong|Singapore|Delhi|Mumbai|Bangalore|Lagos|Nairobi|Cairo|Mexico City|Tijuana|Puerto Rico|"
    "Staten Island|Harlem|Cambridge|Oxford"
)
_CARE_VERB: Final = (
    r"(?:seen|evaluated|admitted|treated|hospitali[sz]ed|visited|visiting|visits?|presented|presenting|presents|diagnosed|transferred|transfer|referred|discharged|followed|follow-up|f/u|appointment|appt|appt\.|delivered|operated|surgery|pt|patient|"
    r"consult|consulted|consultation|care|clinic|stay|enrolled|works?|worked|working|employed|located|notes|labs|records|residing|living|lives?|resides|inpatient|outpatient|monitored|screened|attended|managed|reviewed|performed|done|currently|studies|student|born|raised)"
)
_AT_PLACE: Final = re.compile(
    rf"\b(?i:{_CARE_VERB})\b(?:[ ](?:\w{{2,14}}[ ]){{0,2}}?(?:at|to|in|from|by|near|@)[ ]|[ ]@|[ ])(?:the[ ])?(?P<value>(?:St\.?[ ])?{U}(?:{A}|['&\-]){{1,24}}(?:[ ](?:of[ ](?:the[ ])?)?(?:St\.?[ ])?{U}(?:{A}|['&\-]){{1,24}}){{0,4}})"
)
_PREPOSED: Final = re.compile(
    rf"(?<!\w)(?:at|from|near|@)[ ]?(?:the[ ])?(?P<value>(?:St\.?[ ])?{U}{L}{{2,24}}(?:[ ](?:of[ ])?{U}{L}{{1,24}}){{0,3}})(?!\w)"
)
_LIVES: Final = re.compile(
    rf"\b(?i:lives?|living|resid(?:es|ing|ent)|moved|moving|relocated|born|raised|native|travel(?:l?ed|l?ing)?|fl(?:ew|ying)|visiting|trip|hometown|based|grew up|comes?)\b[ ](?:\w{{2,10}}[ ]){{0,2}}?(?:in|to|from|near|of|outside|around)[ ](?P<value>{U}(?:{A}|['\-]){{1,24}}(?:[ ]{U}(?:{A}|['\-]){{1,24}}){{0,3}})"
)
_WARD: Final = re.compile(
    r"\b(?:ward|room|rm|bed|bay|unit|station|pod|zimmer|bett|floor)[ :#]{1,3}(?P<value>(?=[A-Z\-]{0,4}\d)[A-Z]{0,3}-?\d{1,4}[A-Z]?(?:-[A-Z0-9]{1,3})?)\b",
    re.IGNORECASE,
)
_ACRONYM: Final = 5
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


def _named(match: re.Match[str]) -> bool:
    """Say whether a facility has a name: "City Hospital" has, "The Hospital" has not."""
    words = match[0].split()
    while words and words[0].lower() in _FIRST_STOP:
        words = words[1:]
    if len(words) > 1 and _INSTITUTION.search(match[0]) and words[0][0].isupper():
        return True
    minimum = 2 if _STRONG.search(match[0]) else 3
    if len(words) < 2:  # noqa: PLR2004 - a name and a kind
        return False
    unusual = [word for word in words if not is_word(word) and word[0].isupper()]
    return bool(unusual) and (len(words) >= minimum or len(unusual) > 1)


def _unusual(match: re.Match[str]) -> bool:
    words = match["value"].split()
    acronym = len(words) == 1 and words[0].isupper() and len(words[0]) <= _ACRONYM
    return not acronym and not is_word(words[0])


RULES: Final[Rules] = (
    Rule("facility.form", ORGANIZATION, FORM, 0.6, _named),
    Rule("facility.kind_first", ORGANIZATION, _KIND_FIRST, 0.6),
    Rule("facility.known", ORGANIZATION, re.compile(rf"(?<!\w)(?:{_KNOWN_CARE})(?!\w)"), 0.6),
    Rule(
        "place.known",
        LOCATION,
        re.compile(rf"(?<!\w)(?:{_CITIES})(?!\w)"),
        0.6,
        lambda match: not EPONYM_NOUNS.match(match.string, match.end()),
    ),
    Rule("place.at", LOCATION, _AT_PLACE, 0.5, _unusual),
    Rule("place.preposed", LOCATION, _PREPOSED, 0.4, _unusual),
    Rule("place.lives", LOCATION, _LIVES, 0.6, _unusual),
    Rule("place.ward", LOCATION, _WARD, 0.4),
    Rule(
        "place.county",
        LOCATION,
        re.compile(
            rf"(?<!\w){U}{L}{{2,24}}(?:[ ]{U}{L}{{2,24}})?[ ](?:County|Parish|Borough|Township|Village|Heights|Beach|Springs|Falls|Island|Valley|Lake|Harbor|Province|Prefecture|District)(?!\w)"
        ),
        0.5,
        lambda match: not is_word(match[0].split()[0]),
    ),
)
