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
from gateway.detection.vocabulary import is_word, words
from gateway.domain import checksums
from gateway.domain.entities import (
    ACCOUNT_NUMBER,
    DEVICE_ID,
    EMAIL_ADDRESS,
    IP_ADDRESS,
    MAC_ADDRESS,
    OTHER_ID,
    PASSPORT,
    PERSON,
    PHONE_NUMBER,
    PHOTO_ID,
    URL,
    USERNAME,
)
from gateway.domain.person_names import fold, is_given

_LEAST_IPV6: Final = 5
"""Characters: "::" and "a::1" are punctuation more often than addresses."""
_AT: Final = r"(?:@|[ ]?(?:\(at\)|\[at\]|\(arroba\)|\[arroba\]|\(a\))[ ]?)"
_DOT: Final = r"(?:\.|[ ]?(?:\(dot\)|\[dot\]|\(punkt\)|\[punkt\]|\(point\)|\(punto\))[ ]?)"
_TLD: Final = r"com|org|net|edu|gov|mil|int|info|health|hospital|clinic|care|doctor|io|app|dev|me|us|uk|de|fr|es|nl|be|at|ch|it|eu|ca|au|se|no|dk|fi|pl|cz|cn|jp|in|br|mx|ar|cl|co|lu|pt|ie|cat|gob|berlin|online|site|cloud"
_PAIRS: Final = re.compile(r"(?:0x|U\+00)?([2-9A-Fa-f][0-9A-Fa-f])(?![0-9A-Za-z])")
_LEAST_HEXADECIMAL: Final = 2
_NO_USERS: Final = words(
    """
    public default shared user users root admin administrator runner ubuntu app node vagrant guest all ec2-user
    jenkins git www www-data docker postgres service öffentlich benutzer $user %username%
    """
)
"""Folders that are no person's."""
_PARTS: Final = re.compile(r"[\W_]+|(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
_COUNTRIES: Final = frozenset(checksums.IBAN_LENGTHS) | words(
    "US CN JP CA AU IN RU SG HK KR MX AR CL CO PE ZA NZ TH ID MY PH VN NG KE MA TW UY EC BO PY"
)
"""Where a bank may be (ISO 3166-1)."""
_SIGNS: Final = frozenset("!#$%&*+@^?~")
_REFERENCE: Final = re.compile(
    r"(?:https?://)?(?:json-schema\.org|(?:www\.)?w3\.org|(?:www\.|terminology\.)?hl7\.org|snomed\.info|loinc\.org|unitsofmeasure\.org"
    r"|schemas\.(?:xmlsoap|openxmlformats|microsoft)\.(?:org|com)|(?:www\.)?clinicaltrials\.gov)(?![\w.-])"
)
"""Where standards and registers of trials are, which every payload names."""


def _address(match: re.Match[str]) -> bool:
    value = match["value"]
    if len(value) < _LEAST_IPV6:
        return False
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _secret(match: re.Match[str]) -> bool:
    """Say whether a password is one: everyday words have no digit, and no sign within."""
    value = match["value"]
    return any(map(str.isdigit, value)) or not _SIGNS.isdisjoint(value[:-1])


def _are_letters(match: re.Match[str]) -> bool:
    """Say whether bytes in hexadecimal are a text: a fingerprint's are none, and pulses have no a to f."""
    pairs = _PAIRS.findall(match[0])
    marked = match[0].startswith(("0x", "U", "\\"))
    if not marked and sum(not pair.isdigit() for pair in pairs) < _LEAST_HEXADECIMAL:
        return False
    try:
        text = bytes.fromhex("".join(pairs)).decode()
    except UnicodeDecodeError:
        return False
    return text.isprintable() and sum(map(str.isalpha, text)) * 2 > len(text)


def _is_somebodys(match: re.Match[str]) -> bool:
    """Say whether a file's name has a given name in it, in words of its own."""
    parts = [part for part in _PARTS.split(match["value"]) if part.isalpha()]
    given = [part for part in parts if is_given(fold(part)) and not is_word(part)]
    return bool(given) and len(parts) > 1


def _private(match: re.Match[str]) -> bool:
    """Say whether an address of the web is none that standards are named by."""
    return _REFERENCE.match(match[0]) is None


def _domain(value: str) -> bool:
    return not (value[0].isdigit() or _REFERENCE.match(value)) and (
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
    _private,
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
_IS_TIMES: Final = re.compile(
    r"(?:magnification|objective|power|hpf|lpf|vergr\w{0,10}|rpm|sets?|reps?|\bg|mg|ml)\.?\Z",
    re.IGNORECASE,
)
"""What is multiplied: "original magnification x4000"."""

RULES: Final[Rules] = (
    *SHAPED,
    EMAIL_SPACED,
    EMAIL_SPOKEN,
    DOMAIN,
    Rule(
        "contact.handle",
        USERNAME,
        re.compile(r"(?<![0-9A-Za-z_@.])@[A-Za-z_][A-Za-z0-9_.]{2,30}(?![0-9A-Za-z_/]|-[a-z-]{1,30}/)"),
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
        r"\b(?:password|passcode|pwd|passwort|kennwort|mot de passe|contraseña|clave|密码)[\s:=*\"'`|(]{1,6}(?:is |was |ist |est |es |为|是)?[\"'`]?(?P<value>[^\s\"'`<>\uff0c\u3002\uff1b]{4,64})",
        0.6,
        _secret,
        cues=("passw", "passc", "pwd", "kennwort", "mot de passe", "contraseña", "clave", "密码"),
    ),
    Rule(
        # A bank by ISO 9362, whose letters alone look like a word.
        "label.bank",
        ACCOUNT_NUMBER,
        re.compile(
            r"(?<!\w)(?:BIC|SWIFT)(?:[-/ ]{1,3}(?:BIC|SWIFT|[Cc]ode|CODE))?(?:[ ]?[:=#][ ]?|[ ]{1,2}(?:is |ist |es |est )?)(?P<value>[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?!\w)"
        ),
        0.85,
        lambda match: match["value"][4:6] in _COUNTRIES,
        cues=("bic", "swift"),
    ),
    Rule(
        # Of papers of courts and offices: "112年度監宣字第418號", "(2023)苏0106民初1234号".
        "id.paper_han",
        OTHER_ID,
        re.compile(
            r"(?<![\u4e00-\u9fff0-9])(?:[0-9]{2,4}年度?)?[\u4e00-\u9fff]{1,8}字第[ ]?[0-9A-Za-z-]{1,14}[ ]?[号號]"
            r"|[(\[](?:19|20)[0-9]{2}[)\]][\u4e00-\u9fff][0-9]{0,5}(?:[民刑行赔商知]{1,2}[初终再申监特破]|执[恢保异复]?|[民刑行]特)(?:字第)?[0-9]{1,6}号(?:之[一二三四五])?"
        ),
        0.6,
        cues=("字第", "民初", "民终", "民再", "民申", "刑初", "刑终", "行初", "行终", "执", "赔", "特"),
    ),
    Rule(
        # A text as its bytes: "4d 61 72 67 61 72 65 74", "0x4d, 0x61", "U+004D U+0061".
        "id.bytes",
        OTHER_ID,
        re.compile(
            r"(?<![0-9A-Za-z+])(?:(?:0x|U\+00|\\)?[2-9A-Fa-f][0-9A-Fa-f][ ,:]{1,2}){7,400}(?:0x|U\+00|\\)?[2-9A-Fa-f][0-9A-Fa-f](?![0-9A-Za-z])"
        ),
        0.6,
        _are_letters,
        cues=(
            *("6f", "6e", "6c", "u+00", "0x", "61 6", "61 7", "65 6", "65 7", "61:", "65:", "61,"),
        ),
        needs=re.compile(
            r"[0-9](?:[a-fA-F][ ,:]{1,2}(?:0x|U\+00|\\)?[0-9A-Fa-f]{2}[ ,:]|x[0-9A-Fa-f]{2}[ ,:])|U\+00"
        ),
    ),
    Rule(
        # Wallets of Bitcoin (base58 and bech32), Litecoin and Ethereum.
        "id.wallet",
        ACCOUNT_NUMBER,
        re.compile(
            r"(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]{40}|(?:bc|ltc)1[ac-hj-np-z02-9]{25,71}|(?=[1-9A-HJ-NP-Za-km-z]{0,33}[0-9])(?=[A-Z1-9]{0,33}[a-z])[13LMD][1-9A-HJ-NP-Za-km-z]{25,34})(?![0-9A-Za-z])"
        ),
        0.9,
        needs=re.compile(r"[01b3lLMD][0-9A-Za-z]{25}"),
    ),
    Rule(
        # A home folder is called after its user.
        "contact.home",
        USERNAME,
        re.compile(
            r"(?:/home/|/Users/|(?i:\b[a-z]:\\{1,2}(?:users|benutzer|documents and settings)\\{1,2}))(?P<value>[^\s/\\:*?\"'<>|,;]{2,60})"
        ),
        0.8,
        lambda match: match["value"].lower() not in _NO_USERS,
        cues=("/home/", "/users/", ":\\"),
    ),
    Rule(
        # A document that is called after somebody: "Arztbrief_Petra_Meier.pdf".
        "name.labelled_file",
        PERSON,
        re.compile(
            r"(?i)(?<![\w.-])(?P<value>[\w-]{2,60}(?:\.[\w-]{1,40}){0,3})\.(?:pdf|docx?|xlsx?|odt|rtf|txt|eml|msg|hl7|zip)\b"
        ),
        0.6,
        _is_somebodys,
        needs=re.compile(r"\.(?i:pdf|doc|xls|odt|rtf|txt|eml|msg|hl7|zip)"),
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
        # "Geneviève, RN CCM x6120": an extension that stands behind who it is of, and ends its line.
        "contact.extension",
        PHONE_NUMBER,
        re.compile(
            r"(?<=[A-Za-z.)])[,;]?[ ][xX][ ]?(?P<value>[0-9]{4,5})(?=[ \t]{0,4}(?:\r?\n|\Z|[;|)]))"
        ),
        0.7,
        lambda match: not match["value"].endswith("00") and _IS_TIMES.search(match.string, max(0, match.start() - 16), match.start()) is None,
        needs=re.compile(r"[xX][ ]?[0-9]{4}"),
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
