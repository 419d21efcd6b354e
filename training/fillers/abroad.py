"""Addresses of other countries, as a document in any language may hold them."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from training.fillers.people import culture
from training.fillers.places import towns


class Abroad(NamedTuple):
    """An address in another country: street with number, post code, town, country."""

    street: str
    postcode: str
    town: str
    country: str


# Country: name in English, source of names, streets, post codes (`#` a digit, `@` a letter).
_COUNTRIES: Final = {
    "DE": ("Germany", "faker:de_DE", ("{n}straße {x}", "{n}str. {x}", "{n}weg {x}", "{n}allee {x}", "Am {n}platz {x}", "{n}gasse {x}"), ("#####",)),
    "AT": ("Austria", "faker:de_AT", ("{n}gasse {x}", "{n}straße {x}/{y}", "{n}weg {x}", "{n}ring {x}"), ("####",)),
    "CH": ("Switzerland", "faker:de_CH", ("{n}strasse {x}", "{n}weg {x}", "Rue {n} {x}"), ("####",)),
    "FR": ("France", "faker:fr_FR", ("{x} rue {n}", "{x}, rue de {n}", "{x} avenue {n}", "{x} boulevard {n}", "{x} bis, place {n}", "{x} allée des {n}"), ("#####",)),
    "BE": ("Belgium", "faker:nl_BE", ("{n}straat {x}", "{n}laan {x}", "Rue {n} {x}", "{n}steenweg {x}"), ("####",)),
    "ES": ("Spain", "faker:es_ES", ("Calle {n} {x}", "C/ {n}, {x}", "Avenida de {n} {x}", "Plaza {n} {x}", "Paseo {n}, {x}, {y}º B"), ("#####",)),
    "IT": ("Italy", "faker:it_IT", ("Via {n} {x}", "Via {n}, {x}", "Viale {n} {x}", "Piazza {n} {x}", "Corso {n} {x}"), ("#####",)),
    "NL": ("Netherlands", "faker:nl_NL", ("{n}straat {x}", "{n}laan {x}", "{n}weg {x}", "{n}gracht {x}", "{n}plein {x}"), ("#### @@",)),
    "SE": ("Sweden", "faker:sv_SE", ("{n}vägen {x}", "{n}gatan {x}", "{n}gränd {x}", "{n}stigen {x}"), ("### ##", "#####")),
    "DK": ("Denmark", "faker:da_DK", ("{n}vej {x}", "{n}gade {x}", "{n} Allé {x}"), ("####",)),
    "NO": ("Norway", "faker:no_NO", ("{n}s gate {x}", "{n}veien {x}", "{n}vegen {x}"), ("####",)),
    "FI": ("Finland", "faker:fi_FI", ("{n}katu {x}", "{n}tie {x}", "{n}nkuja {x}"), ("#####",)),
    "PL": ("Poland", "faker:hr_HR", ("ul. {n}a {x}", "ul. {n}a {x}/{y}", "al. {n}a {x}"), ("##-###",)),
    "CZ": ("Czechia", "faker:cs_CZ", ("{n}ova {x}", "{n} {x}", "U {n} {x}/{y}"), ("### ##",)),
    "HU": ("Hungary", "faker:hu_HU", ("{n} utca {x}.", "{n} u. {x}.", "{n} tér {x}."), ("####",)),
    "PT": ("Portugal", "faker:pt_PT", ("Rua {n} {x}", "Avenida {n}, {x}", "Travessa {n} {x}"), ("####-###",)),
    "BR": ("Brazil", "faker:pt_BR", ("Rua {n}, {x}", "Av. {n}, {x}", "R. {n}, {x} - apto {y}"), ("#####-###",)),
    "MX": ("Mexico", "faker:es_MX", ("Calle {n} {x}", "Av. {n} No. {x}", "Privada {n} {x}, int. {y}"), ("#####",)),
    "AR": ("Argentina", "faker:es_AR", ("{n} {x}", "Av. {n} {x}, piso {y}"), ("####", "@####@@@")),
    "TR": ("Turkey", "faker:tr_TR", ("{n} Sokak No: {x}", "{n} Cad. {x}/{y}"), ("#####",)),
    "ID": ("Indonesia", "faker:id_ID", ("Jl. {n} No. {x}", "Jalan {n} {x}"), ("#####",)),
    "PH": ("Philippines", "faker:es_ES", ("{x} {n} St.", "Blk {y} Lot {x} {n} Avenue"), ("####",)),
    "NG": ("Nigeria", "faker:yo_NG", ("{x} {n} Street", "{x}, {n} Close"), ("######",)),
    "KE": ("Kenya", "faker:en_KE", ("{x} {n} Road", "P.O. Box {x}-{y}"), ("#####",)),
    "JP": ("Japan", "own:east", ("{y}-{x}-{y} {n}-cho", "{n} {y}-chome {x}-{y}"), ("###-####",)),
}  # fmt: skip
_MARKS: Final = {"#": "0123456789", "@": "ABCDEFGHJKLMNPRSTUVWXY"}


def address(rng: random.Random, split: str) -> Abroad:
    """Return an invented address in one of the countries."""
    code = rng.choice(tuple(_COUNTRIES))
    country, source, streets, codes = _COUNTRIES[code]
    names = culture(split, source)
    name = rng.choice(names.family if rng.random() < 0.8 else names.female)
    street = rng.choice(streets).format(n=name, x=rng.randint(1, 240), y=rng.randint(1, 40))
    shape = rng.choice(codes)
    postcode = "".join(rng.choice(_MARKS[char]) if char in _MARKS else char for char in shape)
    return Abroad(street, postcode, rng.choice(towns(split)[code]).name, country)
