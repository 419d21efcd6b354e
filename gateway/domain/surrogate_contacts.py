"""Other telephone numbers, addresses of mail, of the web and of machines, in the same form.

Where numbers or names are set aside for fiction and documentation, they come from there, so that
nobody is called: 555-0100 to -0199 (NANPA), Ofcom's and the Bundesnetzagentur's numbers for drama
(Mitteilung 148/2021), ARCEP's for works of fiction (décision 2018-0881), example.org and its
sisters (RFC 2606), the networks of RFC 5737 and RFC 3849, the MAC addresses of RFC 7042.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gateway.domain.language import Language

Choose = Callable[[int], int]
_AREAS: Final = (
    # Three digits each: area codes of the United States that are in use.
    "202 203 206 212 213 214 215 216 217 301 303 305 312 313 314 315 402 404 405 410 412 413 414 "
    "415 502 503 504 505 508 512 513 515 602 603 605 608 612 614 615 617 702 703 704 713 716 717 "
    "801 802 804 805 812 813 816 901 904 907 913 914 916 918"
)
_BERLIN: Final = ("03023125", "06990009", "04066969", "02214710", "08999998")
_FRANCE: Final = {
    "1": "019900", "2": "026191", "3": "035301", "4": "046571", "5": "053649", "6": "063998",
    "7": "063998",
}  # fmt: skip
_DIGIT: Final = re.compile(r"[0-9]")
_EXTENSION: Final = re.compile(r"(?i)[ ,;]*(?:ext|extension|x|durchwahl|dw|poste)\.? ?\d{1,6}\s*\Z")
_RUN: Final = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")
_DOMAINS: Final = ("example.org", "example.com", "example.net")
_NETS: Final = ("192.0.2.", "198.51.100.", "203.0.113.")
_NANP: Final = 10
_LOCAL: Final = 7
_LONG: Final = 11


def phone_like(surface: str, language: Language | None, choose: Choose) -> str | None:
    """Return another number of the same country, with the separators of `surface`."""
    extension = _EXTENSION.search(surface)
    if extension and extension.start() > 0:
        head = phone_like(surface[: extension.start()], language, choose)
        tail = _DIGIT.sub(lambda _: str(choose(10)), extension[0])
        return None if head is None else head + tail
    digits = "".join(_DIGIT.findall(surface))
    if len(digits) < 3:  # noqa: PLR2004 - no number that anybody could be called by
        return None
    rest = iter(_national(surface, digits, language, choose))
    return _DIGIT.sub(lambda _: next(rest), surface)


def _national(surface: str, digits: str, language: Language | None, choose: Choose) -> str:
    """Return as many digits as `digits` has."""
    plus = surface.lstrip(" (").startswith("+")
    international = plus or digits.startswith("00")
    body = digits.removeprefix("00") if international and not plus else digits
    head = digits[: len(digits) - len(body)]
    for code, national in (("44", _british), ("33", _french), ("49", _german)):
        if international and body.startswith(code):
            zero = "0" if body[2:3] == "0" else ""
            new = national("0" + body[2 + len(zero) :], choose)
            if new is not None:
                return head + code + zero + new[1:]
    if digits.startswith("0") and not international:
        order = {Language.GERMAN: _german, Language.FRENCH: _french}
        new = order.get(language, _british)(digits, choose) if language else None
        if new is None and language is not Language.GERMAN and len(digits) == _NANP:
            new = _french(digits, choose)
        if new is not None:
            return new
    american = language in {None, Language.ENGLISH} or (plus and body.startswith("1"))
    if american and len(body) == _NANP + 1 and body[0] == "1":
        return head + "1" + _american(choose)
    if american and not international and len(body) == _NANP and body[0] not in "01":
        return _american(choose)
    if american and not international and len(body) == _LOCAL:
        return f"55501{choose(100):02d}"
    kept = 2 + 2 * international
    return digits[:kept] + "".join(str(choose(10)) for _ in digits[kept:])


def _american(choose: Choose) -> str:
    return f"{_area(choose)}55501{choose(100):02d}"


def _area(choose: Choose) -> str:
    codes = _AREAS.split()
    return codes[choose(len(codes))]


def _british(digits: str, choose: Choose) -> str | None:
    if len(digits) != _LONG:
        return None
    start = "07700900" if digits[1] == "7" else "02079460" if digits[1] == "2" else "01632960"
    return f"{start}{choose(1000):03d}"


def _french(digits: str, choose: Choose) -> str | None:
    start = _FRANCE.get(digits[1:2])
    return None if len(digits) != _NANP or start is None else f"{start}{choose(10_000):04d}"


def _german(digits: str, choose: Choose) -> str | None:
    if len(digits) != _LONG or digits[1] == "1":
        return None
    return f"{_BERLIN[choose(len(_BERLIN))]}{choose(1000):03d}"


def mail_like(surface: str, word: Callable[[str], str], choose: Choose) -> str | None:
    """Return another address at a domain of RFC 2606; `word` gives a name for each run of letters.

    The spaces that somebody wrote around @ and dots stay.
    """
    local, at, domain = surface.partition("@")
    if not at or not local.strip():
        return None
    new = "".join(
        word(run) if run.isalpha() else _DIGIT.sub(lambda _: str(choose(10)), run)
        for run in _RUN.findall(local)
    )
    gap = domain[: len(domain) - len(domain.lstrip())]
    chosen = _DOMAINS[choose(len(_DOMAINS))]
    if " . " in domain:
        chosen = chosen.replace(".", " . ")
    return f"{new}@{gap}{chosen.upper() if domain.isupper() else chosen}"


def url_like(surface: str, choose: Choose) -> str:
    """Return another address of the web: the scheme stays, the host and every word do not."""
    scheme, mark, rest = surface.rpartition("://")
    host, slash, path = rest.partition("/")
    www = "www." if host.lower().startswith("www.") else ""
    return f"{scheme}{mark}{www}{_DOMAINS[choose(3)]}{slash}{scrambled(path, choose)}"


def ip_like(surface: str, choose: Choose) -> str | None:
    """Return an address of the networks for documentation; a prefix length stays."""
    address, slash, length = surface.partition("/")
    if ":" in address:
        return f"2001:db8:{choose(0xFFFF):x}::{choose(0xFFFF):x}{slash}{length}"
    return f"{_NETS[choose(3)]}{1 + choose(254)}{slash}{length}"


def mac_like(surface: str, choose: Choose) -> str | None:
    """Return 00-00-5E-00-53-xx with the separators and the case of `surface`."""
    digits = iter(f"00005e0053{choose(256):02x}")
    try:
        new = re.sub(r"[0-9A-Fa-f]", lambda _: next(digits), surface)
    except (StopIteration, RuntimeError):
        return None
    return new.upper() if surface.upper() == surface else new


def scrambled(text: str, choose: Choose) -> str:
    """Return `text` with other letters and digits, of the same kind and case."""
    letters = "abcdefghijklmnoprstuvwxyz"

    def other(char: str) -> str:
        if char.isdigit():
            return str(choose(10))
        if not char.isalpha():
            return char
        new = letters[choose(len(letters))]
        return new.upper() if char.isupper() else new

    return "".join(map(other, text))
