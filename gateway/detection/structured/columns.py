"""What the name of a column or of a JSON key says about its values, in five languages.

A *strong* name (`mrn`, `Geburtsdatum`, `姓名`) is enough by itself. A *weak* one (`name`, `id`,
`number`) means a person only beside a strong one: a drug has a name, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from gateway.domain import entities
from gateway.domain.entities import EntityType


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_STRONG: Final[dict[EntityType, str]] = {
    entities.PERSON: """
        firstname lastname fullname surname forename forenames givenname givennames familyname
        middlename maidenname middleinitial fname lname patientname displayedname nameofpatient
        preferredname legalname birthname mothersname mothersmaidenname fathersname kin nextofkin
        nok spouse guardian emergencycontact attending attendingphysician physicianname doctorname
        providername dr referringphysician primarycarephysician pcp surgeon anesthetist
        anaesthetist radiologist consultant gpname clinicianname nursename signedby reportedby
        dictatedby authoredby orderedby verifiedby enteredby given family
        vorname nachname familienname geburtsname patientenname name vorname vornamename
        namevorname namedespatienten rufname arzt hausarzt aerztin arztname behandelnderarzt
        zuweiser einweiser angehoerige angehoeriger ansprechpartner bezugsperson unterschrift
        prenom prenoms nomdefamille nomdenaissance nomusuel nomdusage nomjeunefille nomdejeunefille
        nompatient nomprenom nometprenom nomdupatient prenompatient medecin medecintraitant
        personneaprevenir personnedeconfiance
        nombre apellido apellidos nombres nombreyapellidos apellidosynombre nombrecompleto
        nombrepaciente nombredelpaciente primerapellido segundoapellido medico medicoresponsable
        contactoemergencia
        姓名 患者姓名 病人姓名 名字 医生 医师 主治医师 主管医师 经治医师 主任医师 联系人
        initials init initialen iniciales initiales 全名 称呼 紧急联系人
        家属 家属姓名 联系人姓名 签名 姓 名 父亲 母亲
    """,
    entities.DATE_OF_BIRTH: """
        dob yob yearofbirth geburtsjahr anodenacimiento anneedenaissance dateofbirth
        birthdate birthday birthdt birthdatetime bdate borndate born
        geburtsdatum gebdat gebdatum gebdt geburtstag geb datedenaissance datenaissance
        naissance ddn nele fechadenacimiento fechanacimiento fnac fecnac nacimiento
        出生日期 生日 出生年月 出生年月日
    """,
    entities.MEDICAL_RECORD_NUMBER: """
        mrn mrnumber medicalrecordnumber medicalrecordno medrecno recordnumber patientid patientno
        patientnumber patid patnr patno pid hospitalnumber hospitalno chartnumber chartno unitnumber
        patientidentifier fallnummer fallnr patientennummer patientennr patientenid patnummer
        aufnahmenummer ipp nip numerodossier numdossier numeropatient idpatient nda
        historiaclinica nhc numhistoria numerodehistoria numerohistoria numerohistoriaclinica
        idpaciente 病历号 住院号 门诊号 病案号 患者编号 病人编号 就诊号 就诊卡号 登记号
    """,
    entities.PHONE_NUMBER: """
        phone phonenumber phoneno telephone telephonenumber tel telno mobile mobilephone
        mobilenumber cell cellphone homephone workphone contactnumber contactphone pager phonehome
        phonework
        phonemobile telefon telefonnummer telefonnr handy handynummer mobilnummer mobiltelefon
        mobil festnetz telephonefixe telephoneportable portable telefixe telportable numerotelephone
        telefono telefonofijo telefonomovil movil numerodetelefono celular
        电话 手机 手机号 手机号码 联系电话 电话号码 联系方式
    """,
    entities.FAX_NUMBER: "fax faxnumber faxno faxnummer telecopie numerodefax 传真",
    entities.EMAIL_ADDRESS: """
        email emailaddress mail emailaddr emailid mailadresse emailadresse courriel adressemail
        adresseemail correo correoelectronico 邮箱 电子邮箱 电子邮件
    """,
    entities.STREET_ADDRESS: """
        address streetaddress street addressline addressline1 addressline2 address1 address2
        homeaddress mailingaddress residence residentialaddress addr street1 street2
        adresse anschrift strasse strassehausnummer strassehausnr wohnadresse hausnummer
        rue adressepostale adressecomplete domicile direccion domicilio calle
        secaddress secondaryaddress buildingnumber housenumber 收货地址
        地址 住址 家庭住址 家庭地址 现住址 户籍地址 户口地址 联系地址 通讯地址
    """,
    entities.POSTCODE: """
        zip zipcode postcode postalcode postal plz postleitzahl codepostal cp codigopostal 邮编
        邮政编码
    """,
    entities.LOCATION: """
        latitude longitude geolocation gps town county birthplace placeofbirth cityofbirth wohnort
        geburtsort stadt ort gemeinde
        ville commune lieudenaissance ciudad municipio localidad lugardenacimiento poblacion
        城市 籍贯 出生地 村 乡镇 city neighborhood neighbourhood
    """,
    entities.US_SSN: "ssn socialsecuritynumber socialsecurity socialsecurityno socsec ssno",
    entities.NATIONAL_ID: """
        nhsnumber nhsno nhs nationalid nationalidnumber nationalidentifier identitynumber
        identitycard idcard idcardnumber taxid steuerid steueridnr steuernummer personalausweis
        ausweisnummer nir numerosecuritesociale securitesociale numsecu nss numeross
        dni nie nif dninie documentoidentidad 身份证 身份证号 身份证号码 证件号 证件号码
        sozialversicherungsnummer svnr ahvnummer socialnumber numerosocial numerosecu cni numerocni
        carteidentite ausweis perso personalausweisnummer curp rfc cedula numerocedula bsn pesel
        codicefiscale
    """,
    entities.HEALTH_PLAN_NUMBER: """
        insurancenumber insuranceno insuranceid memberid memberno membernumber subscriberid
        subscribernumber policynumber policyno healthplannumber groupnumber medicareid
        medicarenumber medicaidid medicaidnumber beneficiaryid mbi hicn kvnr kvnummer
        krankenversichertennummer versichertennummer versichertennr versicherungsnummer
        versicherungsnr numeroassure numeromutuelle tarjetasanitaria cipa
        numeroafiliacion 医保号 医保卡号 社保号 医保编号
    """,
    entities.ACCOUNT_NUMBER: """
        accountnumber accountno acctno acct accountid patientaccountnumber billingnumber
        kontonummer numerodecompte numerodecuenta 账号 银行账号
    """,
    entities.LICENSE_NUMBER: """
        licensenumber licenseno licencenumber driverslicense driverlicense driverslicence
        driverlicence drivinglicence drivinglicense driverlicensenumber driverslicensenumber
        permisdeconduire permisconduire permisdeconducir carnetdeconducir fuehrerscheinnummer
        npi npinumber dea
        deanumber lanr bsnr rpps numerorpps numcolegiado numerocolegiado colegiado fuehrerschein
        执业证号 驾驶证号
    """,
    entities.PASSPORT: "passport passportnumber passportno reisepass reisepassnummer passeport "
    "numeropasseport pasaporte 护照 护照号 护照号码",
    entities.IBAN_CODE: "iban",
    entities.CREDIT_CARD: "creditcard creditcardnumber cardnumber ccnumber kreditkarte "
    "kreditkartennummer tarjetadecredito",
    entities.VEHICLE_ID: "licenseplate plate platenumber vin kennzeichen kfzkennzeichen "
    "immatriculation matricula 车牌 车牌号",
    entities.DEVICE_ID: "serialnumber deviceserial deviceserialnumber udi deviceid imei "
    "seriennummer numerodeserie 设备编号",
    entities.IP_ADDRESS: "ip ipaddress ipaddr remoteaddr clientip",
    entities.MAC_ADDRESS: "macaddress",
    entities.USERNAME: "username userid login loginname benutzername benutzer identifiant "
    "usuario 用户名 password passwd passcode passwort kennwort motdepasse contrasena 密码",
    entities.URL: "website homepage profileurl",
    entities.OTHER_ID: """
        encounterid visitid visitnumber csn casenumber caseid caseno accessionnumber accession
        accessionno specimenid ordernumber orderid studyid subjectid participantid befundnummer
        scr scrno screeningno screeningnumber screenno subjectno subjectnumber randomizationnumber
        randno auftragsnummer einsendenummer numerosejour numeroacceso numeroepisodio
        标本号 检查号 申请单号 报告编号
    """,
    entities.PHOTO_ID: "photo photograph portrait passbild foto 照片",
    entities.AGE: "age alter edad ageyears agey patientage 年龄 岁",
    entities.DATE_TIME: """
        admissiondate admitdate dischargedate dateofadmission dateofdischarge dateofservice
        servicedate visitdate encounterdate dateofdeath deathdate aufnahmedatum entlassdatum
        entlassungsdatum aufnahme entlassung datedentree datedesortie dateentree datesortie
        fechadeingreso fechadealta fechaingreso fechaalta 入院日期 出院日期 就诊日期 检查日期
    """,
    entities.ORGANIZATION: """
        hospital hospitalname facility facilityname clinic clinicname employer insurer
        insurancecompany krankenhaus klinik arbeitgeber krankenkasse hopital etablissement
        employeur mutuelle centro empresa aseguradora 医院 单位 工作单位
    """,
}
_WEAK: Final[dict[EntityType, str]] = {
    entities.PERSON: "name nom patient doctor physician provider nurse clinician contact first "
    "last middle author relative mother father brother sister wife husband partner son daughter "
    "patientin paciente kontakt responsable resp referent referente nachnamevorname "
    "患者 病人 护士 主管 管床 责任护士",
    entities.OTHER_ID: "id number no nr identifier key code reference uid uuid guid nummer numero "
    "编号 号码",
    entities.LOCATION: "place location region district province",
    entities.DATE_TIME: "date datum fecha 日期",
}
_QUALIFIERS: Final = (
    "patients", "patient", "pat", "pt", "client", "member", "subscriber", "insured", "guarantor",
    "emergencycontact", "emergency", "nextofkin", "mothers", "mother", "fathers", "father",
    "spouses", "spouse", "guardian", "parent", "relative", "attending", "referring", "ordering",
    "admitting", "primarycare", "consulting", "performing", "operating", "responsible",
    "physicians", "physician", "doctors", "doctor", "provider", "nurse", "clinician",
    "practitioner",
    "home", "work", "mobile", "primary", "secondary", "alternate", "billing", "mailing", "private",
    "business", "contact", "current", "residential", "person", "staff", "user", "owner", "sender",
    "recipient", "employee", "resident", "beneficiary", "customer", "caller", "applicant",
)  # fmt: skip
_PEOPLE: Final = _set(
    "patient patients person people persons doctor doctors physician physicians provider providers "
    "nurse nurses clinician clinicians practitioner practitioners guarantor guarantors insured "
    "subscriber spouse mother father parent parents relative relatives contact contacts kin "
    "nextofkin emergencycontact emergencycontacts guardian guardians author authors staff employee "
    "employees member members resident residents surgeon attending user users caller client "
    "clients sender recipient arzt aerzte paciente pacientes medico medicos medecin medecins "
    "angehoerige"
)
_SEPARATORS: Final = re.compile(r"[\W_]+")
_TRAILING: Final = re.compile(r"(?<=[a-z])[0-9]{1,2}\Z")
_MOST: Final = 60
_FOLDED: Final = str.maketrans({"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue"})


def _table(words: dict[EntityType, str]) -> dict[str, EntityType]:
    return {word: entity for entity, names in words.items() for word in names.split()}


_STRONG_NAMES: Final = _table(_STRONG)
_WEAK_NAMES: Final = _table(_WEAK)
for _name in ("name", "vorname", "given", "family", "dr", "kin"):
    if _name in _WEAK_NAMES:
        _STRONG_NAMES.pop(_name, None)


def compact(name: str) -> str:
    """Return a name of a column as the tables above have it: small letters, no marks.

    >>> compact("Patient's Date_of-Birth")
    'patientsdateofbirth'
    """
    folded = unicodedata.normalize("NFC", name).casefold().translate(_FOLDED)
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(each)
    )
    return _SEPARATORS.sub("", plain.replace("'", ""))


@lru_cache(maxsize=4096)
def _meaning(name: str) -> tuple[EntityType | None, EntityType | None]:
    """Return what a name says by itself, and what it says in company."""
    if len(name) > _MOST:
        return None, None
    bare = compact(name.partition("(")[0])
    word = bare if bare in _STRONG_NAMES else _TRAILING.sub("", bare)
    if word in _STRONG_NAMES:
        return _STRONG_NAMES[word], None
    for qualifier in _QUALIFIERS:
        rest = word.removeprefix(qualifier)
        if rest and rest != word:
            if rest in _STRONG_NAMES:
                return _STRONG_NAMES[rest], None
            if rest in _WEAK_NAMES:
                # "patient_name" and "doctor_id" say enough; "user_code" is still anything.
                found = _WEAK_NAMES[rest]
                if found == entities.PERSON or (found == entities.OTHER_ID and rest != "code"):
                    return found, None
    return None, _WEAK_NAMES.get(word)


def strong(name: str) -> EntityType | None:
    """Return what values under `name` are, where the name alone says so."""
    return _meaning(name)[0]


def weak(name: str) -> EntityType | None:
    """Return what values under `name` are beside values that identify a person."""
    return _meaning(name)[1]


_COMPANY: Final = frozenset({
    entities.DATE_OF_BIRTH, entities.MEDICAL_RECORD_NUMBER, entities.PHONE_NUMBER,
    entities.EMAIL_ADDRESS, entities.US_SSN, entities.NATIONAL_ID, entities.HEALTH_PLAN_NUMBER,
    entities.PERSON, entities.STREET_ADDRESS, entities.POSTCODE, entities.AGE, entities.PASSPORT,
})  # fmt: skip
_SEX: Final = _set("sex gender geschlecht sexe sexo 性别")


def in_company(names: Iterable[str]) -> bool:
    """Say whether these columns, or keys of one object, belong to a person."""
    return any(strong(name) in _COMPANY or compact(name) in _SEX for name in names)


_USUAL: Final = _set(
    "bed bett cama lit chambre zimmer room habitacion 床 床号 床位 diagnosis diagnose diagnostico "
    "diagnostic dx motif motivo 诊断 主诉 科室"
)


def usual(name: str) -> bool:
    """Say whether a column of this name stands in lists of patients, and identifies nobody."""
    return (bare := compact(name)) in _USUAL or bare in _SEX


def of_people(name: str) -> bool:
    """Say whether what stands under `name` is a person, or several."""
    return compact(name) in _PEOPLE


_WITHOUT_DIGITS: Final = frozenset({
    entities.PERSON, entities.LOCATION, entities.STREET_ADDRESS, entities.ORGANIZATION,
    entities.USERNAME, entities.EMAIL_ADDRESS, entities.URL, entities.PHOTO_ID,
    entities.MAC_ADDRESS, entities.IP_ADDRESS, entities.POSTCODE, entities.OTHER_ID,
})  # fmt: skip
LONGEST_NAME: Final = 512
"""Characters of a string that may explain its siblings."""
_LONGEST: Final = 120
"""Characters of a value that its name alone types: longer ones are prose, and are scanned."""


def fits(entity: EntityType, value: str) -> bool:
    """Say whether `value` can be an `entity`: a number has digits, a name letters, and a length."""
    if len(value) > _LONGEST or says_nothing(value):
        return False
    if entity == entities.PERSON:
        return any(map(str.isalpha, value))
    return entity in _WITHOUT_DIGITS or any(map(str.isdigit, value))


def of_age(value: str) -> EntityType:
    """Return the type of an age: over 89 it is another (45 CFR 164.514(b)(2)(i)(C))."""
    digits = "".join(each for each in value if each.isdigit())
    over = len(digits) in {2, 3} and int(digits) > 89  # noqa: PLR2004 - the rule's own number
    return entities.AGE_OVER_89 if over else entities.AGE


_NO_VALUE: Final = _set(
    "na none null unknown unbekannt inconnu desconocido notknown keine nil notavailable 无 不详 "
    "未知 vacant empty closed vacante vacía vacío sinidentificar desconocida 空 空床 加床 "
    "true false yes no ja nein self selbst selber"
)


def says_nothing(value: str) -> bool:
    """Say whether a value is one of those that fill an empty cell."""
    return not any(map(str.isalnum, value)) or compact(value[:_MOST]) in _NO_VALUE
