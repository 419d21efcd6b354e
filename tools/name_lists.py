"""Makes the lists of names and places in `gateway/lists/` from an installed Faker (MIT).

    python tools/name_lists.py

The lists in the repository were made with Faker 40.54.0; its licence is in `gateway/lists/NOTICE`.
Words that a clinical text uses for something else (eponyms, months, everyday words) are left out:
a stand-in must not be a word that somebody means otherwise.
"""

# ruff: noqa: D103, ISC004, PLR2004, RUF001, S311 - run by hand, once in a while; the choice is fixed, not random

from __future__ import annotations

import random
import re
from importlib import import_module
from pathlib import Path


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


LISTS = Path(__file__).parents[1] / "gateway" / "lists"
MOST = 360
CULTURES = {
    "en": ("en_US", "en_GB"),
    "de": ("de_DE", "de_AT"),
    "fr": ("fr_FR",),
    "es": ("es_ES",),
    "it": ("it_IT",),
    "pt": ("pt_PT",),
    "nl": ("nl_NL",),
    "pl": ("pl_PL",),
    "tr": ("tr_TR",),
    "sv": ("sv_SE",),
    "cs": ("cs_CZ",),
    "hr": ("hr_HR",),
    "hu": ("hu_HU",),
    "in": ("en_IN",),
    "zh": ("zh_CN",),
    "zh-tw": ("zh_TW",),
    "ja": ("ja_JP",),
    "ko": ("ko_KR",),
    "ru": ("ru_RU",),
    "uk": ("uk_UA",),
    "el": ("el_GR",),
    "he": ("he_IL",),
    "ar": ("ar_AA",),
    "hi": ("hi_IN",),
}
ROMAN = {
    # Faker's romanised names do not say the gender; these are common ones, written for this list.
    "zh-latn": (
        "Mei Lan Xia Hong Yan Ting Qian Xue Jing Fang Na Ying Hua Juan Li-Na Xiulan Guiying Meiling",
        "Wei Jun Gang Bo Tao Qiang Lei Chao Hao Jian Ping-An Guoqiang Zhiming Weidong Jianhua Haoran",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Zhu Ma Hu Guo Lin He Gao Liang Zheng "
        "Luo Song Xie Tang Han Cao Deng Feng Xiao Cheng Cai Peng Pan Yuan Yu Dong Su Ye Lu Wei Jiang",
    ),
    "ar-latn": (
        "Fatima Aisha Khadija Zainab Maryam Amina Layla Noura Salma Huda Samira Yasmin Rania Hanan "
        "Leila Nadia Farah Dalia Mona Hala Iman Sahar Rasha Souad Latifa Naima Zahra Soraya Amal",
        "Ahmed Mohammed Ali Omar Hassan Hussein Khalid Ibrahim Youssef Mustafa Karim Tariq Samir Bilal "
        "Jamal Rashid Salim Nasser Faisal Hamza Ismail Mahmoud Walid Ziad Anwar Adnan Marwan Nabil",
        "Haddad Khoury Nasser Mansour Saleh Rahman Aziz Farouk Hamdan Najjar Sabbagh Darwish Qasim "
        "Shaheen Bakri Zaidan Fahmy Suleiman Tawfiq Hijazi Masri Shami Halabi Kanaan Barakat Jaber",
    ),
    "ru-latn": (
        "Olga Svetlana Irina Tatiana Natalia Elena Galina Ludmila Oksana Yulia Anastasia Ekaterina",
        "Dmitri Sergei Alexei Mikhail Vladimir Nikolai Andrei Pavel Igor Oleg Boris Yuri Anatoly",
        "Smirnov Kuznetsov Popov Sokolov Lebedev Kozlov Novikov Morozov Petrov Volkov Solovyov "
        "Vasiliev Zaitsev Pavlov Semyonov Golubev Vinogradov Bogdanov Vorobyov Fyodorov Belov",
    ),
    "vi": (
        "Lan Huong Mai Linh Thao Phuong Hoa Trang Nga Yen Thuy Hanh Ngoc Tuyet Dung Hien Loan Van",
        "Minh Hung Tuan Dung Long Hai Nam Quang Thanh Duc Phong Khanh Son Trung Hieu Cuong Vinh",
        "Nguyen Tran Le Pham Hoang Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Dinh Trinh Mai Cao Luong",
    ),
    "ko-latn": (
        "Ji-woo Seo-yeon Min-ji Soo-jin Hye-jin Eun-ji Ji-hye Yu-na Mi-sook Young-hee Kyung-hee",
        "Min-jun Ji-hoon Sung-min Hyun-woo Dong-hyun Jae-won Young-ho Sang-woo Tae-hyung Joon-ho",
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Shin Seo Kwon Hwang Ahn Song Hong Yang",
    ),
}
CITIES = {
    "us": (
        "Boston Massachusetts|Worcester Massachusetts|Springfield Illinois|Chicago Illinois|Peoria Illinois|"
        "New York New York|Buffalo New York|Rochester New York|Albany New York|Syracuse New York|"
        "Philadelphia Pennsylvania|Pittsburgh Pennsylvania|Allentown Pennsylvania|Baltimore Maryland|"
        "Houston Texas|Dallas Texas|Austin Texas|San Antonio Texas|El Paso Texas|Lubbock Texas|"
        "Los Angeles California|San Diego California|San Francisco California|Sacramento California|"
        "Fresno California|Oakland California|Bakersfield California|Phoenix Arizona|Tucson Arizona|Mesa Arizona|"
        "Denver Colorado|Boulder Colorado|Seattle Washington|Tacoma Washington|Spokane Washington|"
        "Portland Oregon|Salem Oregon|Eugene Oregon|Atlanta Georgia|Savannah Georgia|Augusta Georgia|"
        "Miami Florida|Tampa Florida|Orlando Florida|Jacksonville Florida|Tallahassee Florida|"
        "Nashville Tennessee|Memphis Tennessee|Knoxville Tennessee|Charlotte North Carolina|Durham North Carolina|"
        "Raleigh North Carolina|Charleston South Carolina|Richmond Virginia|Norfolk Virginia|Roanoke Virginia|"
        "Detroit Michigan|Lansing Michigan|Flint Michigan|Cleveland Ohio|Columbus Ohio|Cincinnati Ohio|"
        "Dayton Ohio|Toledo Ohio|Akron Ohio|Indianapolis Indiana|Fort Wayne Indiana|Milwaukee Wisconsin|"
        "Madison Wisconsin|Minneapolis Minnesota|Duluth Minnesota|Saint Paul Minnesota|St. Louis Missouri|"
        "Kansas City Missouri|Omaha Nebraska|Lincoln Nebraska|Des Moines Iowa|Wichita Kansas|Topeka Kansas|"
        "Tulsa Oklahoma|Oklahoma City Oklahoma|Little Rock Arkansas|New Orleans Louisiana|Baton Rouge Louisiana|"
        "Birmingham Alabama|Montgomery Alabama|Jackson Mississippi|Louisville Kentucky|Lexington Kentucky|"
        "Hartford Connecticut|New Haven Connecticut|Stamford Connecticut|Providence Rhode Island|"
        "Newark New Jersey|Trenton New Jersey|Camden New Jersey|Wilmington Delaware|Concord New Hampshire|"
        "Burlington Vermont|Bangor Maine|Albuquerque New Mexico|Santa Fe New Mexico|Las Vegas Nevada|"
        "Reno Nevada|Salt Lake City Utah|Provo Utah|Boise Idaho|Helena Montana|Billings Montana|"
        "Cheyenne Wyoming|Fargo North Dakota|Sioux Falls South Dakota|Anchorage Alaska|Honolulu Hawaii"
    ),
    "gb": (
        "London|Manchester|Leeds|Sheffield|Liverpool|Bristol|Nottingham|Leicester|Coventry|Bradford|"
        "Cardiff|Belfast|Edinburgh|Glasgow|Aberdeen|Dundee|Swansea|Derby|Southampton|Portsmouth|Plymouth|"
        "Norwich|Exeter|York|Oxford|Cambridge|Brighton|Ipswich|Gloucester|Worcester|Swindon|Reading|Luton|"
        "Northampton|Wolverhampton|Stoke-on-Trent|Sunderland|Middlesbrough|Blackpool|Preston|Carlisle|"
        "Lancaster|Chester|Hereford|Canterbury|Winchester|Salisbury|Truro|Inverness|Perth|Stirling|Wrexham"
    ),
    "fr": (
        "Paris|Marseille|Lyon|Toulouse|Nice|Nantes|Montpellier|Strasbourg|Bordeaux|Lille|Rennes|Reims|"
        "Toulon|Grenoble|Dijon|Angers|Nîmes|Villeurbanne|Clermont-Ferrand|Brest|Limoges|Tours|Amiens|"
        "Perpignan|Metz|Besançon|Orléans|Rouen|Mulhouse|Caen|Nancy|Argenteuil|Avignon|Poitiers|Pau|"
        "La Rochelle|Calais|Béziers|Colmar|Bourges|Quimper|Valence|Troyes|Chambéry|Niort|Lorient|Tarbes"
    ),
    "es": (
        "Madrid|Barcelona|Valencia|Sevilla|Zaragoza|Málaga|Murcia|Palma|Bilbao|Alicante|Córdoba|Valladolid|"
        "Vigo|Gijón|Granada|Elche|Oviedo|Badajoz|Cartagena|Terrassa|Jerez|Sabadell|Móstoles|Santander|"
        "Pamplona|Almería|Burgos|Salamanca|Albacete|Getafe|Huelva|Logroño|León|Tarragona|Cádiz|Lleida|"
        "Marbella|Jaén|Ourense|Reus|Girona|Lugo|Cáceres|Toledo|Pontevedra|Ávila|Cuenca|Segovia|Soria"
    ),
    "tr": (
        "İstanbul|Ankara|İzmir|Bursa|Antalya|Adana|Konya|Gaziantep|Mersin|Kayseri|Eskişehir|Diyarbakır|"
        "Samsun|Denizli|Trabzon|Malatya|Erzurum|Sakarya|Manisa|Balıkesir|Sivas|Edirne|Muğla|Aydın|Tekirdağ"
    ),
    "mx": "Guadalajara|Monterrey|Puebla|Tijuana|Mérida|Querétaro|Toluca|Veracruz|Morelia|Oaxaca|Chihuahua",
    "ca": "Toronto|Montreal|Vancouver|Calgary|Ottawa|Edmonton|Winnipeg|Halifax|Hamilton|Quebec|Regina",
    "in": "Mumbai|Delhi|Bengaluru|Chennai|Hyderabad|Pune|Kolkata|Ahmedabad|Jaipur|Lucknow|Kochi|Nagpur",
}
FAKER_CITIES = {
    "de": "de_DE",
    "at": "de_AT",
    "ch": "de_CH",
    "it": "it_IT",
    "nl": "nl_NL",
    "pl": "pl_PL",
    "pt": "pt_PT",
    "cn": "zh_CN",
    "jp": "ja_JP",
    "ru": "ru_RU",
    "ua": "uk_UA",
}
STREETS = {
    "en": (
        "Maple Oak Cedar Elm Walnut Chestnut Willow Birch Pine Spruce Hickory Sycamore Magnolia Juniper Laurel "
        "Park Lake River Spring Meadow Orchard Mill Church School College Highland Prospect Pleasant Summit "
        "Washington Jefferson Lincoln Franklin Madison Adams Jackson Monroe Harrison Lafayette Winthrop Chester "
        "Clayton Dover Essex Fulton Grafton Hanover Kingston Linden Marlborough Norfolk Oxford Pembroke Quincy "
        "Somerset Stanford Trenton Vernon Windsor Albany Bedford Cambridge Devonshire Exeter Fairview Glenwood"
    ),
    "de": (
        "Haupt Bahnhof Garten Schul Kirch Berg Wald Wiesen Linden Birken Eichen Buchen Rosen Tannen Mühlen Brunnen "
        "Feld Schiller Goethe Mozart Beethoven Lessing Uhland Kant Humboldt Gutenberg Dürer Schubert Brahms Heine "
        "Friedens Ahorn Blumen Burg Markt Post Ring Sonnen Stadt Ufer Kastanien Erlen Ulmen Nelken Tulpen Amsel"
    ),
    "fr": (
        "Molière Voltaire Diderot Rousseau Pasteur Lamartine Balzac Zola Flaubert Ravel Debussy Berlioz Monet Renoir "
        "Cézanne Gambetta Carnot Jaurès Foch Verdun Alsace Lorraine Provence Bretagne Glycines Tilleuls Acacias "
        "Marronniers Peupliers Platanes Moulins Fontaines Vignes Jardins Écoles Lilas Roses Cerisiers Mimosas"
    ),
    "es": (
        "Cervantes Goya Velázquez Quevedo Calderón Unamuno Machado Lorca Bécquer Zorrilla Colón Magallanes Pizarro "
        "Alcalá Serrano Toledo Aragón Castilla Navarra Galicia Andalucía Mayor Real Nueva Sol Luna Olivos Almendros "
        "Naranjos Rosales Jazmines Fuente Molino Iglesia Estación Constitución Libertad Independencia Hospital"
    ),
    "zh": "中山 人民 解放 建设 和平 新华 文化 长江 黄河 南京 北京 上海 胜利 光明 幸福 团结 友谊 朝阳 东风 青年",
    "tr": "Atatürk Cumhuriyet İstiklal Gazi Fatih Mimar Sinan Yunus Mevlana Barbaros Bahçe Çınar Menekşe Lale Gül",
}
# Eponyms, months, and words of every day and of the clinic in several languages.
NOT_A_NAME = words_of(
    "addison alzheimer apgar asperger babinski barrett basedow behçet bell bishop braden broca "
    "brown chiari cohn colles crohn cushing down duchenne ewing fallot foley gleason graves "
    "guillain hashimoto hodgkin horner huntington kaposi kawasaki kernig korsakow lyme marfan "
    "mann meniere murphy paget parkinson pick rett reye sheehan sjögren tourette turner virchow "
    "wernicke wilms wilson april may june august rose hope grace faith joy will mark bill rob "
    "drew chase dawn summer autumn iris ivy heather holly daisy violet lily ruby pearl amber art "
    "dean dale glen grant miles pat ray rich sue van ward young long short small little black "
    "white green gray grey king knight hall hill wood woods stone fields rivers lake banks parks "
    "page price power rice best day christian german pace case love good gold silver moss reed "
    "bush field marsh glass bird fox wolf lamb lane street church hand foot leg arm back head "
    "pain cough cold burns cook baker mason potter weaver carter porter hunter fisher miller "
    "gardner taylor archer fuller sharp strong swift wise wild frost snow winters winter spring "
    "mai juni juli klein gross groß lang kurz alt neu jung roth weiß weiss schwarz braun grün "
    "sommer herbst bauer fischer schneider müller becker wagner koch richter schäfer arzt krank "
    "herz blut hand fuß kopf blanco rubio moreno delgado fuerte sano cruz sol luz mar rey santos "
    "iglesia calle rico bravo martin petit grand leblanc lebrun leroy blanc brun roux noël faber "
    "rash sahin akin gene tina ross stein temple english french holland israel jordan chad paris "
    "china india africa america"
)


def words(names: object) -> list[str]:
    found = []
    for name in names:  # type: ignore[attr-defined]
        parts = name.split()
        if (
            len(parts) == 1
            and len(name) <= 14
            and name.casefold() not in NOT_A_NAME
            and name.isprintable()
            and not re.search(r"[\d.,()/]", name)
            and (len(name) > 2 or not name.isascii())
        ):
            found.append(name)
    return list(dict.fromkeys(found))


def fewer(names: list[str], most: int = MOST) -> list[str]:
    """The most common first, as far as the source says; then a fixed choice."""
    if len(names) <= most:
        return sorted(names)
    return sorted(random.Random(23).sample(names, most))


def person(locale: str, which: str) -> list[str]:
    provider = import_module(f"faker.providers.person.{locale}").Provider
    names = list(getattr(provider, which, ()) or ())
    if which == "last_names" and locale == "pl_PL":
        names = list(provider.unisex_last_names)
    if which == "last_names" and not names:
        names = list(getattr(provider, "last_names_male", ()) or ())
    return words(names)


def main() -> None:
    LISTS.mkdir(exist_ok=True)
    lines = ["# Made by tools/name_lists.py out of Faker; see NOTICE. culture kind: names"]
    for culture, locales in CULTURES.items():
        female, male, family = (
            [n for loc in locales for n in person(loc, kind)]
            for kind in ("first_names_female", "first_names_male", "last_names")
        )
        both = set(female) & set(male)
        for kind, names in (("female", female), ("male", male), ("family", family)):
            chosen = fewer([n for n in dict.fromkeys(names) if kind == "family" or n not in both])
            lines.append(f"{culture} {kind}: {' '.join(chosen)}")
    for culture, kinds in ROMAN.items():
        for kind, names in zip(("female", "male", "family"), kinds, strict=True):
            lines.append(f"{culture} {kind}: {' '.join(sorted(dict.fromkeys(names.split())))}")
    (LISTS / "names.txt").write_text("\n".join(lines) + "\n")
    lines = [
        "# Made by tools/name_lists.py; see NOTICE. country: cities, each with its state where known"
    ]
    cities = {country: text.split("|") for country, text in CITIES.items()}
    for country, locale in FAKER_CITIES.items():
        provider = import_module(f"faker.providers.address.{locale}").Provider
        names = [
            n
            for n in getattr(provider, "cities", None) or provider.city_names
            if len(n.split()) <= 2 and len(n) <= 18
        ]
        cities[country] = fewer([n for n in names if n.casefold() not in NOT_A_NAME], 400)
    lines += [f"{country}: {'|'.join(names)}" for country, names in sorted(cities.items())]
    (LISTS / "cities.txt").write_text("\n".join(lines) + "\n")
    lines = ["# Written for this program. language: streets"]
    lines += [f"{language}: {' '.join(names.split())}" for language, names in STREETS.items()]
    (LISTS / "streets.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
