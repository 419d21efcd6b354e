"""E-mail, web and network addresses, user names, and other references that are no plain number.

45 CFR 164.514(b)(2)(i)(F), (M) to (O), (Q). Telephone numbers are in `phones.py`. The e-mail
pattern is our own: Presidio's asks tldextract, which asks the internet.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import ipaddress
import re
from typing import Final

from gateway.detection.rules import Rule, Rules, folded
from gateway.domain import checksums
from gateway.domain.entities import (
    DEVICE_ID,
    EMAIL_ADDRESS,
    IP_ADDRESS,
    MAC_ADDRESS,
    PASSPORT,
    PHOTO_ID,
    URL,
    USERNAME,
)

_LEAST_IPV6: Final = 5
"""Characters: "::" and "a::1" are punctuation more often than addresses."""
_AT: Final = r"(?:@|[ ]?(?:\(at\)|\[at\]|\(arroba\)|\[arroba\]|\(a\))[ ]?)"
_DOT: Final = r"(?:\.|[ ]?(?:\(dot\)|\[dot\]|\(punkt\)|\[punkt\]|\(point\)|\(punto\))[ ]?)"
_TLD: Final = r"com|org|net|edu|gov|mil|int|info|health|hospital|clinic|care|doctor|io|app|dev|me|us|uk|de|fr|es|nl|be|at|ch|it|eu|ca|au|se|no|dk|fi|pl|cz|cn|jp|in|br|mx|ar|cl|co|lu|pt|ie|cat|gob|berlin|online|site|cloud"


def _address(match: re.Match[str]) -> bool:
    value = match["value"]
    if len(value) < _LEAST_IPV6:
        return False
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _domain(value: str) -> bool:
    return not value[0].isdigit() and (
        value.islower()
        or "/" in value
        or value.count(".") > 1
        or value.lower().endswith((".com", ".org", ".net", ".edu", ".gov"))
    )


EMAIL: Final = folded(
    "contact.email",
    EMAIL_ADDRESS,
    rf"[\w.!#$%&'*+/=?^`{{|}}~\-]{{1,64}}{_AT}(?:[^\W_][\w\-]{{0,62}}{_DOT}){{1,6}}[^\W\d_]{{2,24}}\b",
    1.0,
    cues=("@", "(at)", "[at]", "(a)", "arroba"),
)
EMAIL_SPACED: Final = folded(
    "contact.email_spaced",
    EMAIL_ADDRESS,
    rf"(?<![\w.\-])[\w.\-]{{1,64}}(?:[ ]@[ ]?|@[ ])(?:[\w\-]{{1,62}}\.){{1,4}}(?:{_TLD})\b",
    0.9,
    cues=(" @", "@ "),
)
EMAIL_SPOKEN: Final = folded(
    "contact.email_spoken",
    EMAIL_ADDRESS,
    r"\b[\w.\-]{1,40}(?: (?:dot|underscore|punkt|point|punto|guion) [\w\-]{1,30}){0,3} (?:at|ät|arroba|arobase) [\w\-]{2,40}(?: (?:dot|punkt|point|punto) [\w\-]{2,30}){0,2} (?:dot|punkt|point|punto) (?:com|org|net|edu|gov|de|uk|fr|es|cn|ch)\b",
    0.7,
    cues=(" dot ", " punkt ", " point ", " punto "),
)
WEB: Final = folded(
    "contact.url",
    URL,
    r"(?<![0-9A-Za-z_])(?:(?:https?|ftps?|sftp|wss?|file|ldaps?)://[^\s<>\"'`\])}\uff0c\uff1b\u3000-\u303f\u4e00-\u9fff]{2,500}|www\.[^\s<>\"'`\])}\u3000-\u303f\u4e00-\u9fff]{3,300})",
    0.95,
    cues=("://", "www."),
)
DOMAIN: Final = folded(
    "contact.domain",
    URL,
    rf"(?<=\.)(?:{_TLD})(?:/[^\s<>\"'`\])}}\u3000-\u303f\u4e00-\u9fff]{{0,300}})?(?![0-9a-z_@\-]|\.[0-9a-z_])",
    0.6,
    cues=(".",),
    back=re.compile(r"(?<![@0-9a-z_.\-])(?:[a-z0-9][a-z0-9\-]{0,40}\.){1,4}\Z"),
    fits=_domain,
)
IPV6: Final = Rule(
    "contact.ipv6",
    IP_ADDRESS,
    re.compile(
        r"(?<![0-9A-Za-z_:.])(?P<value>(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?)(?![0-9A-Za-z_:])"
    ),
    0.9,
    _address,
    cues=(":",),
    needs=re.compile(r":[0-9A-Fa-f]{0,4}:"),
)
MAC: Final = Rule(
    "contact.mac",
    MAC_ADDRESS,
    re.compile(
        r"(?<![0-9A-Za-z_:\-])[0-9A-Fa-f]{2}(?:([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?!:)"
        r"|[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z_])"
    ),
    0.9,
    needs=re.compile(r"[:\-][0-9A-Fa-f]{2}[:\-]|\.[0-9A-Fa-f]{4}\."),
)

SHAPED: Final[Rules] = (EMAIL, WEB, IPV6, MAC)
RULES: Final[Rules] = (
    *SHAPED,
    EMAIL_SPACED,
    EMAIL_SPOKEN,
    DOMAIN,
    Rule(
        "contact.handle",
        USERNAME,
        re.compile(r"(?<![0-9A-Za-z_@.])@[A-Za-z_][A-Za-z0-9_.]{2,30}(?![0-9A-Za-z_])"),
        0.5,
        cues=("@",),
    ),
    folded(
        "contact.username",
        USERNAME,
        r"(?:\b|_)(?:user[ _-]?(?:name|id)|login(?: id| name)?|screen[ _-]?name|handle|account name|twitter|instagram|facebook|skype|logon|benutzer(?:name|kennung)|nutzername|anmeldename|kennung|identifiant|nom d'utilisateur|usuario|nombre de usuario|用户名|登录名|账户名|微信号?|qq号?)[\s:=*_\"'`|(]{1,6}(?:is |was |ist |est |es )?(?P<value>@?[\w.\-]{3,40})",
        0.7,
        lambda match: (
            any(char.isdigit() or char in "@._-" for char in match["value"].rstrip("."))
            or ":" in match[0]
            or "=" in match[0]
        ),
        cues=(
            "user", "login", "screen", "handle", "account name", "twitter", "instagram", "facebook", "skype", "logon", "benutzer", "nutzername",
            "anmeldename", "kennung", "identifiant", "usuario", "用户名", "登录名", "账户名", "微信", "qq",
        ),
    ),
    folded(
        "contact.password",
        USERNAME,
        r"\b(?:password|passcode|pwd|passwort|kennwort|mot de passe|contraseña|clave|密码)[\s:=*\"'`|(]{1,6}(?:is |was |ist |est |es )?(?P<value>[^\s\"'<>]{4,64})",
        0.6,
        lambda match: any(char.isdigit() for char in match["value"]),
        cues=("passw", "passc", "pwd", "kennwort", "mot de passe", "contraseña", "clave", "密码"),
    ),
    folded(
        "id.photo_file",
        PHOTO_ID,
        r"(?<=\.)(?:jpe?g|png|tiff?|heic|bmp|gif|dcm|dicom|raw|webp|mp4|mov)\b",
        0.6,
        cues=(".jp", ".png", ".tif", ".heic", ".bmp", ".gif", ".dcm", ".dicom", ".raw", ".webp", ".mp4", ".mov"),
        back=re.compile(r"(?<![0-9A-Za-z_/])[\w\-]{1,60}(?:[ ][\w\-]{1,20})?\.\Z"),
    ),
    Rule(
        "id.udi",
        DEVICE_ID,
        re.compile(
            r"\(01\)[ ]?\d{14}(?:[ ]?\((?:10|11|17|21|240)\)[ ]?[A-Za-z0-9./\-]{1,20}){0,4}"
        ),
        0.95,
        cues=("(01)",),
    ),
    Rule(
        "id.udi_plain",
        DEVICE_ID,
        re.compile(r"(?<![0-9A-Za-z_])01(\d{14})(?:17\d{6}|11\d{6}){0,2}(?:10|21)[A-Z0-9]{4,20}(?![0-9A-Za-z_])"),
        0.8,
        lambda match: checksums.GTIN.valid(match[1]),
        cues=("01",),
        needs=re.compile(r"01\d{14}"),
    ),
    Rule(
        "id.mrz",
        PASSPORT,
        re.compile(r"(?<![A-Z0-9<])(?=[A-Z0-9]{0,44}<)[A-Z0-9<]{30,44}(?![A-Z0-9<])"),
        0.9,
        cues=("<",),
        needs=re.compile(r"<"),
    ),
)  # fmt: skip
