"""Telephone, fax, e-mail, web and network addresses (45 CFR 164.514(b)(2)(i)(D)-(F), (N), (O)).

The e-mail pattern is our own: Presidio's asks tldextract, which asks the internet. The telephone
pattern is our own because Presidio's costs more than everything else together.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import ipaddress
import re
from typing import Final

from gateway.detection.rules import Rule, Rules, folded, is_calendar_date
from gateway.domain.entities import (
    EMAIL_ADDRESS,
    FAX_NUMBER,
    IP_ADDRESS,
    MAC_ADDRESS,
    PHONE_NUMBER,
    URL,
    USERNAME,
)

_LEAST_IPV6: Final = 5
"""Characters: "::" and "a::1" are punctuation more often than addresses."""
_EXT: Final = r"(?:[ ,;]{0,2}(?:x|ext\.?|extension|#)[ .:]{0,2}\d{1,6})?"
_SEP: Final = r"[ .\-/]"
_NANP: Final = (
    r"(?:(?:\+|00)?1[ .\-]?)?(?:\(\d{3}\)[ .\-]{0,2}|\d{3}[.\-/ ][ ]?)\d{3}[ .\-]{1,2}\d{4}(?!\d)"
)
_INTERNATIONAL: Final = rf"(?:\+|\b00)[ ]?\d{{1,3}}(?:{_SEP}{{0,2}}\(?\d{{1,5}}\)?){{2,6}}"
_NATIONAL: Final = rf"(?:\(0\d{{1,5}}\)|\b0\d{{1,5}})(?:[ ]?{_SEP}[ ]?\d{{2,8}}){{1,5}}"
_GROUPED: Final = r"(?:\(\d{1,5}\)[ ]?\d{2,4}(?:[ \-]\d{2,4}){1,4}|\b\d{2,4}(?:[ \-]\d{2,4}){2,4})"
_LOOSE: Final = r"[+(]{0,2}\d[\d ().\-/]{4,22}\d"
_DIGITS: Final = re.compile(r"\d")
_PHONE_LABEL: Final = (
    r"(?:\b|_)(?:tele?phone|phone|phn|tel|cell(?:ular)?|mobile|mob|pager?|beeper|call(?:ed)?(?: (?:me|us|back|her|him|them))?|contact|text|whatsapp|"
    r"voicemail|hotline|helpline|dial|ring|answer(?:s|ing)?|reach(?:ed|able)?(?: (?:me|us|her|him|them))?|ph|hm|wk|handy|telefon|tél|teléfono|tfno|móvil|portable|电话|手机)\b"
)
_PHONE_CUES: Final = (
    "phone", "phn", "tel", "cell", "mob", "page", "beeper", "call", "contact", "text", "whatsapp",
    "voicemail", "line", "dial", "ring", "answer", "reach", "ph", "hm", "wk", "handy", "tél", "tfno",
    "móvil", "portable", "电话", "手机",
)  # fmt: skip
_FAX_LABEL: Final = r"(?:\b|_)(?:fax(?:ed)?|facsimile|telefax|télécopie)\b"
_GAP: Final = r"(?:[\s:=*_\"'`|#.,\-]{0,6}(?:\((?:office|home|work|cell|mobile|direct|[a-z])\)[\s:]{0,3})?(?:(?:number|numbers|no|num|nr|is|was|at|to|on|the|line|me|us|cell|home|work|office|direct)\b[\s:=.\"'*]{1,4}){0,5})"


def _count(match: re.Match[str], least: int, most: int) -> bool:
    digits = len(_DIGITS.findall(match[1] if "value" in match.re.groupindex else match[0]))
    return least <= digits <= most


def _labelled(match: re.Match[str]) -> bool:
    return 5 <= len(_DIGITS.findall(match["value"])) <= 18  # noqa: PLR2004 - an extension; a number with one


def _international(match: re.Match[str]) -> bool:
    return 8 <= len(_DIGITS.findall(match[0])) <= 15  # noqa: PLR2004 - ITU-T E.164 6.1 says at most 15


def _grouped(match: re.Match[str]) -> bool:
    if is_calendar_date(match[0]):
        return False
    return 8 <= len(_DIGITS.findall(match[0])) <= 13  # noqa: PLR2004 - shorter runs are laboratory values


def _address(match: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(match["value"])
    except ValueError:
        return False
    return True


EMAIL: Final = folded(
    "contact.email",
    EMAIL_ADDRESS,
    r"[\w.!#$%&'*+/=?^`{|}~\-]{1,64}(?:@|[ ]?(?:\(at\)|\[at\])[ ]?)(?:[^\W_][\w\-]{0,62}(?:\.|[ ]?(?:\(dot\)|\[dot\])[ ]?)){1,6}[^\W\d_]{2,24}\b",
    1.0,
    cues=("@", "(at)", "[at]"),
)
EMAIL_SPOKEN: Final = folded(
    "contact.email_spoken",
    EMAIL_ADDRESS,
    r"\b[\w.\-]{1,40}(?: (?:dot|underscore) [\w\-]{1,30}){0,3} at [\w\-]{2,40} dot (?:com|org|net|edu|gov|de|uk|fr|es)\b",
    0.7,
    cues=(" dot ",),
)
WEB: Final = folded(
    "contact.url",
    URL,
    r"\b(?:https?|ftps?|sftp|wss?|file|ldaps?)://[^\s<>\"'`\])}]{2,500}|\bwww\.[^\s<>\"'`\])}]{3,300}",
    0.95,
    cues=("://", "www."),
)
DOMAIN: Final = folded(
    "contact.domain",
    URL,
    r"(?<![@\w.\-])(?:[a-z0-9][a-z0-9\-]{0,40}\.){1,4}(?:com|org|net|edu|gov|mil|int|info|health|hospital|clinic|care|doctor|io|app|dev|me|us|uk|de|fr|es|nl|be|at|ch|it|eu|ca|au|se|no|dk|fi|pl|cz|cn|jp|in|br)"
    r"(?:/[^\s<>\"'`\])}]{0,300})?(?![\w@]|\.\w)",
    0.6,
    lambda match: (
        "." in match[0]
        and not match[0][0].isdigit()
        and (
            match[0].islower()
            or "/" in match[0]
            or match[0].count(".") > 1
            or match[0].lower().endswith((".com", ".org", ".net", ".edu", ".gov"))
        )
    ),
    cues=(".",),
)
IPV4: Final = Rule(
    "contact.ipv4",
    IP_ADDRESS,
    re.compile(r"(?<![\w.])(?P<value>(?:\d{1,3}\.){3}\d{1,3})(?![\w]|\.\d)"),
    0.9,
    _address,
)
IPV6: Final = Rule(
    "contact.ipv6",
    IP_ADDRESS,
    re.compile(
        r"(?<![\w:.])(?P<value>(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?)(?![\w:])"
    ),
    0.9,
    lambda m: len(m["value"]) >= _LEAST_IPV6 and _address(m),
    cues=(":",),
)
MAC: Final = Rule(
    "contact.mac",
    MAC_ADDRESS,
    re.compile(
        r"(?<![\w:\-])[0-9A-Fa-f]{2}(?:([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?!:)"
        r"|[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?!\w)"
    ),
    0.9,
)
NANP: Final = folded("contact.phone_nanp", PHONE_NUMBER, rf"(?<![\w.])(?:{_NANP}){_EXT}", 0.8)
PHONE_LABELLED: Final = folded(
    "contact.phone_labelled",
    PHONE_NUMBER,
    rf"{_PHONE_LABEL}{_GAP}(?P<value>{_LOOSE}{_EXT})",
    0.9,
    _labelled,
    cues=_PHONE_CUES,
)
FAX: Final = folded(
    "contact.fax",
    FAX_NUMBER,
    rf"{_FAX_LABEL}{_GAP}(?P<value>{_LOOSE}{_EXT})",
    0.95,
    _labelled,
    cues=("fax", "facsim", "copie"),
)
INTERNATIONAL: Final = folded(
    "contact.phone_international",
    PHONE_NUMBER,
    rf"(?<![\w.]){_INTERNATIONAL}{_EXT}",
    0.75,
    _international,
)
NATIONAL: Final = folded(
    "contact.phone_national",
    PHONE_NUMBER,
    rf"(?<![\w./\-])(?<!\d,){_NATIONAL}{_EXT}(?![\w/]|[.,]\d)",
    0.5,
    _grouped,
)
GROUPED: Final = folded(
    "contact.phone_grouped",
    PHONE_NUMBER,
    rf"(?<![\w./\-+])(?<!\d,){_GROUPED}{_EXT}(?![\w/]|[.,]\d)",
    0.4,
    _grouped,
)
LOCAL: Final = folded(
    "contact.phone_local",
    PHONE_NUMBER,
    rf"(?<![\w.,/\-+])\d{{3}}-\d{{4}}{_EXT}(?![\w/\-]|[.,]\d)",
    0.4,
)

SHAPED: Final[Rules] = (EMAIL, WEB, IPV4, IPV6, MAC, NANP, INTERNATIONAL, FAX, PHONE_LABELLED)
RULES: Final[Rules] = (
    *SHAPED,
    EMAIL_SPOKEN,
    DOMAIN,
    NATIONAL,
    GROUPED,
    LOCAL,
    Rule(
        "contact.handle",
        USERNAME,
        re.compile(r"(?<![\w@.])@[A-Za-z_][\w.]{2,30}\b"),
        0.5,
        cues=("@",),
    ),
    folded(
        "contact.username",
        USERNAME,
        r"(?:\b|_)(?:user[ _-]?(?:name|id)|login(?: id| name)?|screen[ _-]?name|handle|account name|twitter|instagram|facebook|skype|logon)[\s:=*_\"'`|(]{1,6}(?:is |was )?(?P<value>@?[\w.\-]{3,40})",
        0.7,
        lambda match: (
            any(char.isdigit() or char in "@._-" for char in match["value"].rstrip("."))
            or ":" in match[0]
            or "=" in match[0]
        ),
    ),
    folded(
        "contact.password",
        USERNAME,
        r"\b(?:password|passcode|pwd)[\s:=*\"'`|(]{1,6}(?:is |was )?(?P<value>[^\s\"'<>]{4,64})",
        0.6,
        lambda match: any(char.isdigit() for char in match["value"]),
        cues=("pass", "pwd"),
    ),
)
