"""Streets and towns as one country, or one kind of paper, writes them (45 CFR 164.514(b)(2)(i)(B)).

Capitals of identity cards, buildings with a name, Basque streets, a town behind a German street,
Cedex, the place of birth, Chinese streets, houses, districts and villages. What several countries share is in `addresses.py`.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final

from gateway.detection.german_nouns import is_noun
from gateway.detection.label_words import NO_TOWNS
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

_OF_TIME: Final = re.compile(
    r"(?:[Tt]ag|[Vv]erlauf|punkt|[Mm]onat|[Jj]ahr|[Ww]oche|[Ss]erum|[Pp]lasma|[Uu]rin|[Ll]iquor|[Bb]lut|[Mm]ittel)[ ][0-9]"
)
_PROVINCE: Final = (
    r"(?:北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|臺灣|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
    r"|台北|臺北|新北|桃園|台中|臺中|台南|臺南|高雄|基隆|新竹|嘉義|九龍|九龙|新界)(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?"
)
_HAN: Final = r"[\u4e00-\u9fff]"
_ADMIN: Final = r"(?:[市县縣区區旗州盟镇鎮乡鄉村屯庄里]|街道|新区|开发区|社区)"
_PLACES: Final = rf"(?:{_HAN}{{1,6}}?{_ADMIN}){{0,5}}"
_AT: Final = r"(?:(?<![\u4e00-\u9fff])|(?<=[住址在于到往至来自]))"
_ROAD: Final = r"(?:(?<![通管线電电尿思旁])(?<!公)路|大?街|大道|巷|胡同|弄堂|弄)"
_HOUSE: Final = r"(?:[东西南北中]?[一二三四五六七八九十0-9]{0,2}段|[东西南北]段)?[ ]?[0-9]{1,5}(?:-[0-9]{1,4})?(?:号院|號|号|弄|巷)"
_FLAT: Final = r"(?:之[0-9]{1,3}|[ ]?(?:[0-9A-Za-z]{1,5}|[一二三四五六七八九十]{1,3})(?:号楼|號|号|栋|棟|幢|座|单元|單元|门|楼|樓|层|層|室|户|房|巷|弄|院)|[ ]?[0-9]{3,4}(?![0-9年月日.]))"

_BUILT: Final = re.compile(r"[0-9](?:号楼|栋|棟|幢|座|号院|单元)|单元[0-9]")

RULES: Final[Rules] = (
    Rule(
        # "上海市徐汇区枫林路180弄5号302室", "中山路123号", "信義區信義路五段7號".
        "address.cjk_street",
        STREET_ADDRESS,
        re.compile(
            rf"(?:{_AT}|(?={_PROVINCE}))(?P<value>(?:{_PROVINCE})?{_PLACES}{_HAN}{{1,7}}?{_ROAD}{_HOUSE}{_FLAT}{{0,5}})"
        ),
        0.75,
        cues=("路", "街", "大道", "巷", "胡同", "弄"),
    ),
    Rule(
        # "幸福小区3号楼2单元501室", "阳光花园12栋1203室".
        "address.cjk_flat",
        STREET_ADDRESS,
        re.compile(
            rf"{_AT}(?P<value>(?:{_PROVINCE})?{_PLACES}{_HAN}{{2,8}}?[0-9A-Za-z]{{0,3}}(?:号楼|栋|棟|幢|座|号院|区|单元)(?:[0-9A-Za-z]{{1,3}}(?:号楼|栋|幢|座|单元|门)){{0,3}}[0-9]{{2,4}}(?:室|号|户|房)?)(?![0-9年月日.])"
        ),
        0.7,
        lambda match: (
            any(map(str.isdigit, match["value"])) and _BUILT.search(match["value"]) is not None
        ),
        cues=("号楼", "栋", "棟", "幢", "座", "单元"),
    ),
    Rule(
        # "河南省信阳市光山县泼陂河镇王楼村", "湖南省长沙市岳麓区".
        "place.cjk_district",
        LOCATION,
        re.compile(
            rf"(?P<value>{_PROVINCE}(?:(?!地区|大学|医院|[和与及、]){_HAN}){{1,6}}?(?:[市县縣區旗州盟]|(?<!地)区)(?:(?!医院|大学){_HAN}{{1,6}}?(?:[县縣區镇鎮乡鄉村屯]|街道|(?<!地)区)){{0,3}}(?:[0-9一二三四五六七八九十]{{1,3}}[组社队])?)"
        ),
        0.65,
        cues=("市", "县", "縣", "区", "區", "州", "旗", "盟"),
    ),
    Rule(
        # "李家村三组", "王家庄村5组".
        "place.cjk_village",
        LOCATION,
        re.compile(
            rf"{_AT}(?P<value>{_PLACES}{_HAN}{{1,6}}?[村庄屯寨](?:第)?[0-9一二三四五六七八九十]{{1,3}}(?:村民小组|组|社|队|号))"
        ),
        0.65,
        cues=("组", "社", "队", "村", "庄", "屯"),
    ),
    Rule(
        # "户籍地址:河南省光山县王楼村", "籍贯:山东济南", "家住朝阳区团结湖".
        "place.cjk_labelled",
        LOCATION,
        re.compile(
            rf"(?:(?:住址|地址|居住地|居住地址|户籍地?|户口所在地|户籍所在地|现住|住所)[:\uff1a ][ ]{{0,4}}(?P<value>(?={_HAN}{{0,24}}[省市区县區縣镇乡村路街巷])(?:{_HAN}|[0-9A-Za-z#-]){{3,50}}))"
            r"(?=[ ]{0,3}(?:[^\u4e00-\u9fff]|\Z)|[ ])"
        ),
        0.65,
        cues=("住址", "地址", "居住地", "户籍", "户口", "现住", "住所"),
    ),
    Rule(
        # Where somebody is born or at home: "籍贯:山东济南", "出生地:四川成都", "家住朝阳区团结湖".
        "place.cjk_born",
        LOCATION,
        re.compile(
            rf"(?:(?:籍贯|籍貫|出生地点?|出生地址|祖籍)[:\uff1a ][ ]{{0,4}}|祖籍)(?P<value>(?!不详|未知|同上|无|见|其他){_HAN}{{2,12}})(?=[ ]{{0,3}}(?:[^\u4e00-\u9fff]|\Z)|[ ])"
        ),
        0.65,
        cues=("籍贯", "籍貫", "出生地", "祖籍"),
    ),
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
        # "Berliner Str. 14", "Karl-Marx-Allee 3a", "Mariahilfer Straße 88/3/12", "LINDENSTR. 14".
        "address.german",
        STREET_ADDRESS,
        re.compile(
            rf"(?<![\w-])(?:(?:{U}{A}{{0,24}}\.?-){{1,4}}(?:Stra(?:ß|ss)e|Str\.?|Allee|Platz|Weg|Gasse|Ring|Damm|Ufer|Chaussee|Promenade|Kai|Quai)"
            rf"|{U}{A}{{1,22}}(?<!ig)(?<!isch)(?<!lich)(?<!ell)(?<!reich)(?<!al)(?<!iv)(?<!laut)(?<!weit)(?<!inn)(?<!uß)(?<!unt)(?<!vord)(?<!hint)(?<!inst)(?<!ößt)(?<!erst)(?<!zweit)(?<!nter)(?<!rder)(?<!mittl)(?<!Laut)(?<!Weit)(?<!Inn)(?<!Unt)(?<!Vord)(?<!Hint)(?<!Mittl)(?<!Erst)(?<!Zweit)er[ ](?:Stra(?:ß|ss)e|Str\.?|Allee|Platz|Weg|Gasse|Ring|Damm|Ufer|Chaussee|Promenade)"
            rf"|(?:(?:Alte|Neue|Obere|Untere|Kleine|Gro(?:ß|ss)e|Lange|Hohe)[ ])?{U}{A}{{1,22}}(?:stra(?:ß|ss)e|str\.?|gasse|chaussee|promenade|gässchen|gäßchen|graben)"
            rf"|[a-zäöü]{{3,22}}(?:stra(?:ß|ss)e|str\.)|{U}{{3,22}}(?:STRA(?:ẞ|SS)E|STR\.?|GASSE|ALLEE|PLATZ))"
            r"[ ][1-9][0-9]{0,2}(?:[ ]?[-/][ ]?[0-9]{1,3}){0,3}[ ]?[A-Za-z]?(?:[ ,/]{1,2}(?:Stiege|Stg\.|Top|Tür)[ ][0-9]{1,3}){0,3}(?![\w%°]|[.,][0-9]|[ ]?(?:mm|cm|k?m|ml|mg)\b)"
        ),
        0.75,
        # "Kayser-Fleischer-Ring 3": a sign.
        lambda match: not match[0].startswith("Kayser-"),
        cues=(
            "straße ",
            "strasse ",
            "str. ",
            "str ",
            "allee ",
            "platz ",
            "weg ",
            "gasse ",
            "ring ",
            "damm ",
            "ufer ",
            "chaussee ",
            "promenade ",
            "kai ",
            "quai ",
            "chen ",
            "graben ",
        ),
    ),
    Rule(
        # "Am Markt 5, 04103 Leipzig": a place for a street, and the post's number behind it.
        "address.german_place",
        STREET_ADDRESS,
        re.compile(
            rf"(?<!\w)(?:(?:An|Auf|In|Vor|Hinter|Unter|Bei)[ ](?:der|dem|den)|Am|Im|Zum|Zur|Beim)[ ](?:{U}{A}{{1,24}}[ ]){{1,2}}[1-9][0-9]{{0,2}}[ ]?[a-z]?(?=,?[ \n]{{1,2}}(?:(?:D|A|CH)[ -])?[0-9]{{4,5}}[ ](?P<town>{U}{A}{{2,24}}))"
        ),
        0.75,
        lambda match: (
            match["town"].lower() not in NO_TOWNS
            and not any(map(is_noun, match[0].split()[1:-1]))
            and not _OF_TIME.search(match[0])
        ),
        needs=re.compile(r"[0-9]{4,5}[ ][^\W\d_]{3}"),
    ),
    Rule(
        # "CH-8091 Zürich"
        "place.behind_postcode",
        LOCATION,
        re.compile(rf"(?<![\w-])(?:D|A|CH)-[0-9]{{4,5}}[ ](?P<value>{_TOWN})"),
        0.7,
        cues=("d-", "a-", "ch-"),
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
            rf"(?<!\w)(?:(?i:lugar de nacimiento|lieu de naissance|geburtsort|wohnort|wohnhaft in(?= (?!Pflege|Wohn|Senioren|Alten|Alters|Betreu|Eigen|Miet))|heimatort|bürgerort|place of birth|birth ?place|town of birth)[ ]{{0,2}}[:/]?[ ]{{1,3}}(?P<value>{_TOWN}))"
        ),
        0.7,
        cues=("nacimiento", "naissance", "geburtsort", "birth", "wohn", "heimatort", "bürgerort"),
    ),
)
