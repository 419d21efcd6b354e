"""Names of people behind a title, a label or a verb that announces them, or before a degree.

A title or a label does not depend on the sentence around it; all other names are the tagger's.
Names that stand for a disease or a score are not people.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.letters import FULL, GAP, INITIAL, MARK, WORD, U
from gateway.detection.rules import Rule, Rules, caseless
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

_TITLE: Final = (
    r"(?:[Dd]rs?|DR|[Mm]rs?|MRS?|Ms|MISS|[Mm]iss|Mx|[Pp]rof(?:essor)?|[Dd]octor|[Nn]urse|[Ss]ister|[Ff]ather|[Rr]ev(?:erend)?|Capt(?:ain)?|Sgt|Sergeant|Lt|Col|Maj|Gen|Hon|Judge|[Oo]fficer|Detective|Sir|Dame|Lady|Lord|Rabbi|Imam|Pastor|"
    r"Herrn?|Frau|Fr|Hr|Sra?|Srta|Dra|Señora?|Don|Doña|Mme|Mlle|Monsieur|Madame|Maître|Signora?|Sig|Dott|Pr|PD|Priv\.-Doz|OA|Oberarzt|Oberärztin|Chefarzt|RN|LPN|LVN|CNA|MFA|Pfleger|NP|PA|CRNA|Att|Attending|Midwife|Consultant|Registrar|"
    r"[Dd]oct(?:eure?|ora)|DOCT(?:EURE?|ORA)|[Dd]oktor(?:in)?|[Pp]rofess(?:eure?|orin)|[Pp]rofesora?|PROF(?:ESSEURE?|ESORA?)?|Schwester|MME|MLLE|HERRN?|FRAU|DRA|SRTA|"
    r"Uncle|Aunt|Grandma|Grandpa|Coach|Hn[ao]|Sor|Fray|Rvd[ao]|Dña|Lcd[ao]|Ld[ao]|Abbé|"
    r"[Mm]onsieur|[Mm]adame|[Mm]ademoiselle|MONSIEUR|MADAME|MADEMOISELLE|Melle|MELLE|Mde|Mmes|MMES|Mlles|Mesdames|Messieurs|MM(?=\.)|Mtre|Vve|Dre|[Dd]octeurs|Docteur\(e\)|M(?=\.?[ ])|"
    r"Dr\.?ª|Dr[ea]s|[Dd]octor[ea]s|Profa|D\.?ª|D(?=\.[ ])|DÑA|DOÑA|DON|[Dd]oña|don|S[Rr][ea]s|SR(?=\.)|SRA|[Ss]eñor(?:a|ita|es|as)?|SEÑORA?|Lic(?:da|enciad[oa])?|Colonel|Capitaine|Commandant|Coronel|Capitán|Comandante|Teniente|Mtr[oa]|Vda\.? de|[Vv]iuda de|Viudo de)"
)
_LABEL: Final = (
    r"(?:(?:full |legal |preferred |maiden |birth |first |last |middle |given |family |sur|fore)?name(?: of patient)?|(?:patient|pt|client|member|subscriber|guarantor|insured|provider|doctor|physician|mother|father|parent|guardian|"
    r"spouse|contact|nurse|child|baby|donor|user|employee|attending|surgeon|customer|account holder|card ?holder|emergency contact)(?:'s)?[ _]?(?:full[ _]?|first[ _]?|last[ _]?|given[ _]?|family[ _]?)?name|"
    r"patients?|pt|client|resident|attending(?: physician| provider| md| surgeon)?|provider|physician|surgeon|assistant|anesthesi(?:a|ologist)|anaesthetist|nurse|rn|doctor|pcp|primary care(?: physician| provider)?|"
    r"(?:ordering|referring|consulting|admitting|treating|primary|supervising|requesting|performing|attending|interpreting|rendering|covering|discharging|on-call|family|responsible)[ _](?:physician|provider|doctor|clinician|surgeon|md|nurse|radiologist|practitioner)|"
    r"(?:ordered|referred|dictated|transcribed|signed|electronically signed|e-signed|reviewed|approved|verified|authored|written|prepared|entered|collected|performed|interpreted|reported|seen|examined|cosigned|co-signed|attested|authenticated|completed|"
    r"recorded|documented|received|requested|witnessed|accompanied|assessed|administered|assisted|read|created|submitted|notified)[ _]by|"
    r"author|signature|signed|dictator|transcriptionist|radiologist|pathologist|cardiologist|oncologist|psychiatrist|psychologist|therapist|social worker|case manager|care ?giver|carer|midwife|pharmacist|technologist|technician|interpreter|consultant|registrar|"
    r"mother|father|mom|dad|wife|husband|spouse|partner|son|daughter|brother|sister|guardian|parents?|next of kin|nok|emergency[ _]contact(?:[ _]name)?|contact(?:[ _]person)?|proxy|health care proxy|poa|informant|historian|relative|"
    r"cc|to|from|attn|attention|re|ref|regarding|dear|user|agent|employee|recipient|sender|customer|beneficiary|subscriber|insured|guarantor|policy ?holder|account holder|donor|"
    r"name des patienten|nachname|vorname|arzt|ärztin|hausarzt|patientin|patienten|nom(?: de naissance| d'usage)?|prénom|médecin|nombre|apellidos?|médico|paciente|姓名|患者|医生|"
    r"pr[ée]noms?(?:\(s\))?(?: usuel| de naissance)?|nom (?:de famille|de jeune fille|marital|usuel|d['\u2019](?:épouse|usage)|patronymique)|(?:nom|nombre) y apellidos|(?:primer|segundo|1er|2º|1º) apellido|apellido [12]|nombre (?:completo|del (?:padre|paciente)|de la madre)|"
    r"patient(?:e|\(e\))|identité|identidad|usager|résidente?|usuari[oa]|interesad[oa]|afiliad[oa]|asegurad[oa]|"
    r"(?:médecin|medecin) (?:traitant|référent|prescripteur|responsable|adresseur|correspondant)|prescripteur|praticien(?:ne)?|chirurgien(?:ne)?|opérateur|anesthésiste|iade|ibode|ide|aide opératoire|radiologue|manipulateur|pharmacien(?:ne)?|psychologue|assistante? sociale|secrétaire|infirmi(?:er|ère|ere)|interne|externe|cadre de santé|aide-soignante?|kin[ée](?:sithérapeute)?|sage-femme|chef de (?:service|clinique)|ambulancier|"
    r"destinataire|expéditeur|rédacteur|rédactrice|(?:rédigé|validé|signé|dicté|adressé|examiné|vu|prescrit|réalisé|opéré|saisi|relu)e? par|copie à|(?:à|a) l['\u2019]attention de|"
    r"personne (?:de confiance|à prévenir|à contacter|ressource)|personne-ressource|tuteur|tutrice|curat(?:eur|rice)|mandataire|représentante? légale?|aidante?(?: principale?)?|"
    r"médic[oa] (?:responsable|de cabecera|solicitante|peticionario|tratante)|medic[oa](?: (?:responsable|de cabecera|solicitante|peticionario|tratante))?|médica|facultativ[oa](?: responsable)?|(?:primer )?cirujan[oa]|ayudante|anestesista|anestesiólog[oa]|instrumentista|radiólog[oa]|patólog[oa]|enfermer[oa](?: responsable)?|due|tcae|auxiliar|matrona|fisio(?:terapeuta)?|psicólog[oa]|trabajador[a]? social|farmacéutic[oa]|residente|"
    r"jefe de servicio|jefa de servicio|remitente|destinatari[oa]|solicitante|firmado(?: por)?|fdo\.?|firma|(?:redactado|validado|informado|solicitado|realizado|valorado|atendido|remitido) por|acompañante|familiar(?: de contacto)?|persona de contacto|representante legal|cuidador[a]?(?: principal)?|testigo|intérprete|a/a|atte?\.?|"
    r"père|mère|pere|mere|fils|fille|[ée]pou(?:x|se)|conjointe?|mari|femme|frère|s(?:œ|oe)ur|voisine?|padre|madre|hij[oa]|espos[oa]|marido|mujer|cónyuge|pareja|herman[oa]|vecin[oa])"
)
_TITLE_START: Final = re.compile(
    # A pattern that begins with one of few letters is sought much faster.
    rf"[ACDF-JL-PRSTUVdfmnoprsv](?<![\w'].)(?<=(?={_TITLE}[. \t]).)"
)
_POST: Final = re.compile(
    r"(?:ologist|ologe|ologin|iatrist|iatrician|iater|iaterin|esthetist|aesthetist|surgeon|physician|therapist"
    r"|ólogo|óloga|ologue|iatre|iatra|chirurg|chirurgin|ologie|iatrie|chirurgie|medizin)\Z"
)
"""What somebody does: "Consultant Neurologist" names nobody."""
_WRITTEN_OUT: Final = re.compile(
    r"(?:[Pp]rofess(?:or(?:in)?|eure?)|[Pp]rofesora?|[Dd]oct(?:ora?|eure?)|[Dd]oktor(?:in)?|Schwester|[Nn]urse|[Ss]ister|[Ff]ather|Reverend|Captain|Sergeant|Judge|[Oo]fficer|Detective|Lady|Lord|Pastor|"
    r"Frau|Herrn?|Señora?|Madame|Monsieur|Attending|Midwife|Consultant|Registrar|Uncle|Aunt|Grandma|Grandpa|Coach)\."
)
"""A word that is not abbreviated, and ends its sentence: "Tell your doctor. Keep it dry."."""
_GAUGE: Final = re.compile(r"[0-9] ?\Z")
_BY_COLUMNS: Final = re.compile(
    r"(?im)^[ \t]{0,4}(?:(?:no|nr|bed|bett|cama|lit)\.?[ ]{1,9})?(?:pat(?:ient|\.)?|pt|name|nom|nombre|paciente|patientin)(?:[ ]name)?[ ]{2,40}[^\W\d_]"
)
"""A heading of columns, the first of which are people."""
_LONGEST_LABEL: Final = 31 + 4
"""Characters from where a label begins to its colon."""
_LABEL_START: Final = re.compile(rf"(?:(?<![^\W_])|(?<=[a-z])(?=n))(?={_LABEL})")
_COLON: Final = re.compile(r"[:=|#]")
_ASKS: Final = re.compile(r"(?i)name|noms?\b|nombre|apellido|prénom|姓名")
"""A label that asks for a name, not for a person."""
_CREDENTIAL: Final = r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?|Ph\.?D\.?|PharmD|DPM|DDS|DMD|FACS|FACP|FACC|LPN|LVN|CRNA|CNM|CNP|FNP(?:-C|-BC)?|ARNP|APRN|DNP|MPH|MBBS|MBChB|FRCP|FRCS|LCSW|LMFT|PsyD|PT|DPT|OTR|SLP|RD|RT|BSN|MSN|MSW|EMT|CNA|Esq)"
_SAID_STRONG: Final = r"(?i:named|called|known as|aka|a\.k\.a\.|alias|goes by|name is|name's|name was|it's under|is under|i am|i'm|signed|dear|hello|hi|hey|sincerely|regards|cheers|yours truly|respectfully|addressed to|spoke (?:to|with)|contact|ask for|accompanied by|care of|referred by|seen by|treated by|ordered by|dictated by|reviewed by|signed by|performed by|written by|per|married to)"
_SAID_START: Final = re.compile(
    rf"[acdghikmnoprstwy](?<![\w'].)(?<=(?={_SAID_STRONG.replace('?i:', '?:')}[ ,:\n]).)"
)
_NICKNAMED: Final = r"(?i:also known as|a\.?k\.?a\.?|alias|nicknamed|goes by|(?:likes|prefers|wants) to be called|genannt|gen\.|spitzname|rufname|dite?|surnommée?|apodad[oa]|conocid[oa] como|le llaman)"
HAN_SURNAME: Final = (
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫"
    "段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]"
)
HAN_RARER: Final = (
    "邝佘苗乔裘龚冼麦丘古尤阮蓝郎卫柳鲍费岑柴滕殷毕郝皮卞齐康伍卜穆萧湛汪祁禹狄米臧戴宋茅庞纪舒屈项祝梁闵席麻强娄颜梅盛刁徐骆樊凌霍虞柯昝裴荣翁荀甄曲封芮储靳井巫乌焦牧隗车侯蓬班仰仲宫甘祖符景詹束司黎薄印宿蒲邰咸籍赖卓蔺屠池胥苍翟谭贡姬申冉郦雍桑桂牛边扈燕冀浦尚温庄晏瞿阎茹习艾容"
    "钮宫战逄禚亓鄂谌仝栾逯丛牟迟蓝厉荆盖隋翁卓矫綦慎戈廖居步仇粟冷晏漆蔺辛岳柏屠计饶麻晋郜闵邰耿匡寇广欧沃蔚隆巩聂晁敖訾阚饶曾沙鞠丰游权益佟庹覃岑阚祁闭敖"
)
"""Rarer surnames, but for those that are a word of a sentence, too ("和", "向", "经")."""
_HAN_NAME: Final = re.compile(
    rf"{HAN_SURNAME}|欧阳|司徒|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|长孙"
)
_SUFFIX: Final = r"(?:,?[ ](?:Jr|Sr|II|III|IV)\b\.?)?"


def _trimmed_words(value: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", value) if word]


def _eponym(match: re.Match[str]) -> bool:
    """Say whether the name stands for a disease, a sign or a scale."""
    start, end = match.span("value") if "value" in match.re.groupindex else match.span()
    last = match.string[start:end].split()[-1].lower().rstrip(".,")
    return EPONYM_NOUNS.match(match.string, end) is not None and (
        last in EPONYMS or last.removesuffix("'s") in EPONYMS
    )


def _titled(match: re.Match[str]) -> bool:
    words = _trimmed_words(match["value"])
    first = words[0].lower().rstrip(".")
    # "Dr Le Goff", "Dr. La Torre": an article with a capital begins a family name.
    article = words[0] in _ARTICLES and len(words) > 1 and not is_word(words[1])
    if (first in TITLE_STOPS and not article) or _POST.search(first):
        return False
    if _LETTER_TITLE.match(match[0]) and not _is_addressed(match, words):
        return False
    if _WRITTEN_OUT.match(match[0]):
        return False
    if match["value"] in _POST_NOMINALS or _NOT_TITLED.match(match["value"]):
        return False
    if match[0].startswith("PA") and _LATERAL.match(match.string, match.start() + 2):
        return False
    # "19 Fr Blake drain": the gauge of a catheter, and nobody's wife.
    return not (match[0][:2] == "Fr" and _GAUGE.search(match.string, 0, match.start()))


_ARTICLES: Final = frozenset(["Le", "La", "LE", "LA"])
_LETTER_TITLE: Final = re.compile(r"(?:MM?|D)\.?[ ]|(?:don|DON|Lic)\.?[ ]")
"""Titles that are a letter or a word, too: "M. Crohn", "vitamin D. Then", "don PPE"."""
_FRENCH: Final = re.compile(
    r"(?i)(?<!\w)(?:est|pour|avec|chez|dans|une|vue?|par|ans|du|aux?|ce|cher|bonjour|rdv|l'|d')(?!\w)|\b[ld]'"
)
_BEFORE_M: Final = re.compile(
    r"(?:\A|\n|[.;,(][ ]|\b(?:par|de|chez|pour|avec|à|que|et|voir|vu|cher|bonjour)[ ])\Z"
)
_MORBUS: Final = re.compile(
    r"(?i)(?:ig[agmde]\b|intern|pneumoniae|avium|tuberculosis|bovis|genitalium|hominis|kansasii|leprae|abscessus|chelonae|marinum|ulcerans|luteus|intracell|basedow|scheuermann|waldenstr|perthes|sudeck|osgood|pompe|hurler|ledderhose|pick|gilbert|köhler|kohler|ormond|schlatter|meulengracht|boeck|werlhof|blount|ollier|haglund|forestier|beh[cç]et|darier|fox|kienb|panner|legg|recklingh|refsum|fahr|castleman|m[eé]n[eé]tri|niemann|"
    r"günther|vaquez|winiwarter|[a-zäöü-]+(?:alis|aris|oris|rius|eus|eps|ata|atus|icus)\Z)"
)
"""Diseases, muscles and germs that stand behind an "M."."""


def _is_addressed(match: re.Match[str], words: list[str]) -> bool:
    """Say whether "M.", "D." and "don" are titles: beside French words, or before a given name."""
    if match[0][0] in "DdL":
        return is_given(fold(words[0]))
    last = words[-1].lower()
    if last in EPONYMS or _MORBUS.match(words[0]) or any(map(is_word, words)):
        return False
    text, start = match.string, match.start()
    if match[0][1] != "." and not _BEFORE_M.search(text, max(0, start - 9), start):
        return False
    return _FRENCH.search(text, max(0, start - 80), match.end() + 80) is not None


_NOT_TITLED: Final = re.compile(
    r"(?:I{1,3}|IV)(?:-[0-9]{1,2})?\Z|vom Dienst\b|[A-Z]{2,}[0-9]|[Dd]es (?:Univ|H[ôo]p)"
    r"|(?:Agrégée?|[ÉE]mérite|Associée?|Junior|Émerit[oa]|Titular|Asociad[oa])\Z"
)
"""Whom a pedigree numbers ("her sister III-2"), whoever is on duty, and a model."""
_ROMAN: Final = re.compile(r"(?:I{1,3}|IV)[ab]?")


def _field(match: re.Match[str]) -> bool:
    words = _trimmed_words(match["value"])
    if len(words) > 1 and _ROMAN.fullmatch(words[-1]) and words[0].isupper():
        # "HI NYHA III" is a class, and nobody's third.
        words = words[:-1]
    if words[0].lower().rstrip(".'s") in NEVER_NAMES or words[0].lower() in NEVER_NAMES:
        return False
    if len(words) > 1:
        # "Grace Young" is two everyday words and a person: behind a label only forms' words count.
        return not any(word.lower().rstrip(".") in NEVER_NAMES for word in words)
    return not is_word(words[0])


_POST_NOMINALS: Final = frozenset(
    [
        "CCM",
        "CEN",
        "CCRN",
        "CNOR",
        "OCN",
        "CWOCN",
        "CDCES",
        "CPHON",
        "ACM",
        "CLC",
        "IBCLC",
        "PHN",
        "CRRN",
    ]
)
"""What else stands behind a nurse: "Ann Lee, RN CCM"."""
_LATERAL: Final = re.compile(r"[ ]?(?:Y|E|ET|AND|UND|U|\+|/)?[ ]?(?:LAT|L\b)", re.IGNORECASE)
"""The other side of a chest: "RX TÓRAX PA Y LAT" is seen by nobody's assistant."""
_UNITS: Final = frozenset(["IE", "IU", "KE", "MG", "ML", "UI", "MO", "DI", "MI", "FR", "SA", "SO"])
_SIDE: Final = 2
_OF_A_LIST: Final = re.compile(r"(?:^|\n)[ ]{0,12}-[ ]\Z")
_GOES_ON: Final = re.compile(r"[ ][a-z]")
_READING: Final = re.compile(r"[ =:]{1,3}[-+]?[0-9]{1,3}[.,][0-9]")


def _is_measured(match: re.Match[str]) -> bool:
    """Say whether two letters are a side and what is measured there: "RA MD 4.97", no doctor's."""
    value = match["value"]
    if value in _UNITS:
        return True  # "Mantoux (10 UI RT-23)", "(DI, DO und SA)"
    if match[0].endswith("PA") and _LATERAL.match(match.string, match.end()):
        return True
    return (
        len(value) == _SIDE and value.isupper() and bool(_READING.match(match.string, match.end()))
    )


def _labelled(match: re.Match[str]) -> bool:
    """Say whether a field holds a name; a single word does where the label asks for one."""
    label = match[0][: match.start("value") - match.start()]
    single = len(_trimmed_words(match["value"])) == 1
    if single and label.startswith("name") and _OF_A_LIST.search(match.string, 0, match.start()):
        # "- name: Restart unit" is a step of a program.
        return not _GOES_ON.match(match.string, match.end())
    if _KIN_LABEL.match(label):
        # "Madre: Diabetes Mellitus" says what she has: a given name says who she is.
        return _field(match) and any(
            is_given(fold(word)) for word in _trimmed_words(match["value"])
        )
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
    if _POST.search(_trimmed_words(match["value"])[-1]):
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
            rf"(?<![\w']){_TITLE}\.?[ \t]{{1,3}}(?:(?:[Dd]r|DR|[Mm]ed|MED|h\.c|Prof|[Mm]rs?)\.?[ \t]{{1,2}}){{0,3}}(?P<value>{FULL}{_SUFFIX})"
        ),
        0.9,
        _titled,
        begins=_addressed,
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
            rf"(?:(?<![^\W_])|(?<=[a-z])(?=N))(?i:{_LABEL}){MARK}(?:(?:Dr|Mrs?|Ms|Prof)\.?[ ])?(?P<value>{WORD},{GAP}?{WORD}(?:{GAP}(?:{WORD}|{INITIAL})){{0,2}}|{FULL}{_SUFFIX})"
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
        lambda match: not is_word(_trimmed_words(match["value"])[0]) and not _eponym(match),
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
            rf"(?<![\w'])(?i:lg|vlg|vg|mfg|glg|hg|gruß|gruss|(?:(?:viele|liebe|beste|schöne|herzliche|freundliche)[rn]? )?grüße|mit (?:freundlichen|kollegialen|besten|herzlichen) grüßen|(?:best|kind|warm|many)? ?(?:regards|wishes|thanks)|cheers|ta|thx|thanks|yours (?:sincerely|faithfully|truly)"
            rf"|(?:un )?(?:cordial )?saludos?|atentamente|(?:un )?abrazos?|(?:bien )?(?:cordialement|confraternellement)|amicalement|bien à (?:vous|toi)|bises?|biz|bisous|bss|(?:un )?besos?|slds)[,.!]?(?:[ ]{{1,3}}|[ ]{{0,3}}\n\s{{0,6}})(?:i\.[ ]?A\.[ ])?(?P<value>{FULL})(?=[ \t]{{0,4}}(?:\n|\Z))"
        ),
        0.75,
        lambda match: _field(match) and not any(map(is_word, _trimmed_words(match["value"]))),
        cues=(
            # Two letters are in many words, and this pattern is slow: what ends them is asked, too.
            *(short + end for short in ("lg", "vg", "mfg", "hg", "ta") for end in ",.! \n"),
            *("gruß", "gruss", "grüße", "grüßen", "regards", "wishes", "thanks", "thx", "cheers"),
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
        lambda match: _field(match) and not is_word(_trimmed_words(match["value"])[0]),
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
            rf"(?<![\w'])(?:{_SAID_STRONG})[ ,:\n]{{1,3}}(?:[Dd]r\.?[ ])?(?P<value>{FULL}{_SUFFIX})"
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
            rf"(?<![\w'])(?:{_NICKNAMED})[ :]{{1,2}}[\"'\u201c\u201e\u00ab\u2018][ ]?(?P<value>{WORD}(?:{GAP}{WORD})?)(?=[ ]?[\"'\u201d\u201c\u00bb\u2019])"
        ),
        0.7,
        # A syndrome has a nickname, too, and an everyday word in it.
        lambda match: (
            _field(match)
            and not _eponym(match)
            and not any(map(is_word, _trimmed_words(match["value"])))
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
            rf"(?<![\w'\-])(?P<value>{FULL}),?[ ]{_CREDENTIAL}(?![\w']|-(?:\d|[A-ZÄÖÜ][a-zäöüß]))"
        ),
        0.8,
        lambda match: _field(match) and not _is_measured(match),
        needs=re.compile(rf"[ ]{_CREDENTIAL}(?![\w'])"),
    ),
    Rule(
        "name.cjk",
        PERSON,
        re.compile(
            r"(?:姓名|患者|病人|医生|医师|联系人)(?P<mark>[: ]{0,2})(?P<value>[\u4e00-\u9fff]{2,4})(?=[,。;\s(男女]|$)"
        ),
        0.7,
        # Without a mark the next word may be a verb, as in "医师查房".
        lambda match: bool(match["mark"]) or _HAN_NAME.match(match["value"]) is not None,
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
