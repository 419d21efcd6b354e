"""English: names of everywhere; people, dates, places and bodies each in a module beside this one."""

from __future__ import annotations

from typing import ClassVar

from training.fillers.en_dates import EnglishDates
from training.fillers.en_negatives import EnglishNegatives
from training.fillers.en_organisations import EnglishOrganisations
from training.fillers.en_people import EnglishPeople


class English(EnglishPeople, EnglishDates, EnglishOrganisations, EnglishNegatives):
    """What stands in English slots."""

    lang = "en"
    cultures = (
        (26, "faker:en_US"), (5, "faker:en"), (9, "faker:en_GB"), (4, "faker:en_IE"), (3, "faker:en_NZ"),
        (6, "faker:en_IN"), (2, "faker:en_KE"), (2, "faker:en_NG"), (1, "faker:yo_NG"),
        (1, "faker:ig_NG"), (1, "faker:tw_GH"), (1, "faker:zu_ZA"), (1, "faker:sw"),
        (6, "faker:es_MX"), (2, "faker:es_ES"), (2, "faker:pt_BR"), (2, "faker:de_DE"),
        (2, "faker:fr_FR"), (2, "faker:it_IT"), (1, "faker:nl_NL"), (1, "faker:no_NO"),
        (1, "faker:sv_SE"), (1, "faker:da_DK"), (1, "faker:fi_FI"), (1, "faker:pl_PL"),
        (1, "faker:cs_CZ"), (1, "faker:hu_HU"), (1, "faker:tr_TR"), (1, "faker:ro_RO"),
        (1, "faker:hr_HR"), (1, "faker:id_ID"), (1, "faker:en_PK"), (1, "faker:lt_LT"),
        (1, "faker:ga_IE"), (1, "faker:is_IS"), (1, "faker:sk_SK"),
        (1, "faker:sl_SI"), (1, "faker:lv_LV"), (1, "faker:fr_CA"), (1, "faker:nl_BE"), (1, "faker:pt_PT"),
        (1, "faker:vi_VN"), (1, "faker:az_AZ"), (1, "faker:es_CO"), (1, "faker:ha_NG"), (6, "own:words"), (7, "own:east"), (7, "own:south"),
    )  # fmt: skip
    shapes: ClassVar = {
        "mrn": (
            "MEDICAL_RECORD_NUMBER",
            (
                "#######", "########", "######", "#########", "##########", "@#######", "@@######",
                "@@-######", "MRN######", "##-##-##", "###-##-##", "###-###-###", "@-########",
                "@@@######", "MR-####-####", "M########", "H#######", "##### ###", "@@#### ####",
                "00######", "E########", "^^^^^^^#", "##/######", "######-#",
            ),
        ),
        "visit": ("MEDICAL_RECORD_NUMBER", ("#########", "V#########", "ENC-########", "FIN ########", "E-######", "@@########", "##-####-###")),
        "ssn": ("US_SSN", ("%##-##-####", "%##-##-####", "%## ## ####", "%########", "%##.##.####", "XXX-XX-####", "***-**-####")),
        "nhs": ("NATIONAL_ID", ("### ### ####", "##########", "###-###-####")),
        "national": ("NATIONAL_ID", ("@@######@", "####-###-####", "#### #### ####", "#######@@", "## ### ### ###", "#### ##### #", "########-@")),
        "insurance": (
            "HEALTH_PLAN_NUMBER",
            (
                "@@@#########", "W##########", "#@@#-@@#-@@##", "#########-##", "HPN-########", "BCBS-######",
                "@#########", "XEP###@#####", "POL-####-####", "###########", "#@@#@@#@@##", "GRP ######",
                "@@##-####-####", "##########@",
            ),
        ),
        "account": ("ACCOUNT_NUMBER", ("########", "##########", "############", "####-####-##", "ACC-######", "A/C ########", "#########-#", "HAR#########", "INV-####-####", "##-##-## ########")),
        "card": ("CREDIT_CARD", ("4### #### #### ####", "5###-####-####-####", "37## ###### #####", "4###############", "6011 #### #### ####", "**** **** **** ####")),
        "iban": ("IBAN_CODE", ("GB## @@@@ #### #### #### ##", "DE## #### #### #### #### ##", "IE##@@@@##############", "FR## #### #### #### #### #### ###", "NL##@@@@##########")),
        "npi": ("LICENSE_NUMBER", ("1#########", "2#########")),
        "dea": ("LICENSE_NUMBER", ("@@#######", "B@#######", "M@#######")),
        "licence": ("LICENSE_NUMBER", ("@#######", "######", "RN-######", "MD######", "##-######", "GMC #######", "@@-#####", "@###-####-####", "########@", "D###-###-##-###-#")),
        "accession": ("OTHER_ID", ("S##-#####", "@@-##-######", "##-@@-#####", "########", "ACC#########", "SP-####-#####", "###-##-####", "R#########", "##:@#####", "CT##-####")),
        "specimen": ("OTHER_ID", ("@##-#####", "L########", "##########", "@@##-####@", "B-######", "SPN-######", "#######-##")),
        "order": ("OTHER_ID", ("#########", "ORD-######", "RX#######", "RX-####-####", "######-####", "@@@-####", "CLM########", "REF-######", "TKT-#####", "#@##-####-###")),
        "study": ("OTHER_ID", ("###-####", "@@@-##-###", "SUBJ-####", "P###", "SITE ##-###", "##-###-@@")),
        "serial": ("DEVICE_ID", ("SN########", "@@@######", "PJN######@", "###-######-###", "@@#########", "(01)##############(21)@######", "@#######", "######@@", "S/N @@##-######")),
        "vin": ("VEHICLE_ID", ("1HGCM#####A######", "WVWZZZ@@Z@@######", "JTDK@#####3######")),
        "plate": ("VEHICLE_ID", ("@@@ ####", "@@## @@@", "#@@@###", "@@@-###", "@@ ## @@ ####", "###-@@@", "@###@@@")),
        "passport": ("PASSPORT", ("#########", "@########", "@@#######", "C########", "@# ######")),
        "employee": ("OTHER_ID", ("E######", "EMP-####", "######", "S#####", "HR-######", "STAFF ####", "@@####")),
        "photo": ("PHOTO_ID", ("IMG_####", "DSC#####", "IMG-########-@@####", "photo_######", "DICOM-########")),
        "biometric": ("BIOMETRIC_ID", ("FP-######", "FPT-####-@@@@", "VP#######", "IRIS-@@##-####", "BIO########")),
        "mac": ("MAC_ADDRESS", ("00:1A:2B:#C:##:#E", "3C-5A-##-##-1F-##", "a4:5e:60:##:##:##")),
        "ip": ("IP_ADDRESS", ("10.##.1##.#", "192.168.1.##", "172.16.#.2##", "1##.#2.1##.##", "2001:db8::####:##", "fe80::1ff:fe##:####")),
        "url": ("URL", ("https://portal.example.org/patients/######", "http://chart.example.com/r/@@####", "www.example.org/visit/#####", "https://example.net/u/####-####", "https://results.example.org/?id=#######")),
        "postcode.us": ("POSTCODE", ("#####", "#####", "#####", "#####-####")),
        "postcode.gb": ("POSTCODE", ("@@# #@@", "@@## #@@", "@# #@@", "@## #@@", "@#@ #@@")),
        "postcode.ca": ("POSTCODE", ("@#@ #@#", "@#@#@#")),
        "postcode.au": ("POSTCODE", ("####",)),
        "postcode.nz": ("POSTCODE", ("####",)),
        "postcode.za": ("POSTCODE", ("####",)),
        "postcode.in": ("POSTCODE", ("######", "### ###")),
        "postcode.ie": ("POSTCODE", ("@## @@##", "@## @#@#")),
    }  # fmt: skip
