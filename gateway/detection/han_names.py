"""Chinese names as people are called or half hidden: 王某某, 刘姐, 隋大爷.

Rule: a surname stands before each, at the beginning of a phrase or behind what somebody is.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.names import HAN_RARER, HAN_SURNAME
from gateway.detection.rules import Rule, Rules
from gateway.domain.entities import PERSON

_FAMILY: Final = rf"(?:{HAN_SURNAME}|[{HAN_RARER}])"
_OPENS: Final = (
    r"(?:(?<![\u4e00-\u9fff])|(?<=患者)|(?<=病人)|(?<=患儿)|(?<=家属)|(?<=保姆)|(?<=护工)|(?<=邻居)|(?<=护士)|(?<=同事)|(?<=病友)|(?<=室友)|(?<=社工)|(?<=医生)"
    r"|(?<=[床找问叫由和与是被及到]))"
)

_DOUBLED: Final = "婷琳莎娜佳贝芳苗媛丽玲倩茜薇雯璐蕾颖妮莉娟燕萍瑶瑾琪琦蓓菲萌彬磊鑫淼豆妞敏洁彤"
"""What is said twice in a pet name, and in no other word."""

RULES: Final[Rules] = (
    Rule(
        # "贝贝重打": a colleague or a child by a pet name.
        "name.cjk_doubled",
        PERSON,
        re.compile(rf"(?P<value>(?P<letter>[{_DOUBLED}])(?P=letter))(?!(?P=letter)|[舞网])"),
        0.7,
        cues=tuple(2 * letter for letter in _DOUBLED),
    ),
    Rule(
        # What hides a name leaves its surname: "盖某某,男,66岁". "于某医院" is no one.
        "name.cjk_hidden",
        PERSON,
        re.compile(
            rf"{_OPENS}(?P<value>(?![于向和]){_FAMILY}某(?:某|(?=[^\u4e00-\u9fff]|\Z|因|诉|的|之|在|于|系|自))|于某某(?![医地年月日院公单处]))"
        ),
        0.85,
        cues=("某",),
    ),
    Rule(
        # "保姆刘姐", "到隋大爷家": one letter behind a surname is part of what somebody is called.
        "name.cjk_familiar",
        PERSON,
        re.compile(
            rf"{_OPENS}(?P<value>{_FAMILY}(?:[姐哥叔姨婶嫂](?!姐|哥|叔|姨|婶|嫂)|(?=大爷|大妈|大娘|大伯|大姐|大哥|大叔|大婶|大嫂|阿姨|阿婆|阿公|奶奶|爷爷|老伯|老太)))"
        ),
        0.7,
        cues=tuple("姐哥叔姨婶嫂爷妈娘伯婆公奶太"),
    ),
)
