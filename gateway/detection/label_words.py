"""The labels of identifiers in English, German, French, Spanish and Chinese, and what each means.

Words are kept as `labels.fold` leaves them: small, without accents, parted by single spaces. Written
for this program; no list of others was copied.
"""

# ruff: noqa: E501 - lists of words are read across

from __future__ import annotations

from typing import Final

from gateway.detection.vocabulary import words
from gateway.domain.entities import (
    ACCOUNT_NUMBER,
    AGE,
    BIOMETRIC_ID,
    CREDIT_CARD,
    DATE_OF_BIRTH,
    DEVICE_ID,
    FAX_NUMBER,
    HEALTH_PLAN_NUMBER,
    IBAN_CODE,
    LICENSE_NUMBER,
    MEDICAL_RECORD_NUMBER,
    NATIONAL_ID,
    OTHER_ID,
    PASSPORT,
    PHONE_NUMBER,
    PHOTO_ID,
    POSTCODE,
    US_SSN,
    VEHICLE_ID,
    EntityType,
)

STRONG: Final[dict[EntityType, str]] = {
    MEDICAL_RECORD_NUMBER: """
        ur; urn; umrn; uhid; u r; casenotes; mrn; mrns; m r n; medrec; med rec; emr id; ehr id; epic id; mpi; empi; medical record number
        medical record; medical record no; health record; hospital id; chart id; file id; dossier id
        patient id; patient ids; patient identifier; patient identification; patient key; patient code
        pt id; client id; person id; subject id; resident id; participant id; study id; record id
        patid; fnr; aufnahmezahl; behandlungsfall; patienten id; patientennummer; patientennr; patienten nr; patienten nummer; pat nr; pat id; pat no
        fallnummer; fallnr; fall nr; fall nummer; fallzahl; fall id; piz; krankenblattnummer; aktenzeichen
        krankengeschichte nr; kis nr; kis nummer; behandlungsnummer; aufnahmenummer; aufnahme nr; opid; pid
        ipp; nip; nda; iep; identifiant patient; numero de dossier; no dossier; dossier no; dossier n; n dossier
        numero dossier; n de dossier; dossier patient; numero patient; n patient; numero d hospitalisation
        numero de sejour; n sejour; numero de venue; identifiant permanent; n de venue; n de sejour; n archive; n d archive; no archive
        nhc; n h c; nhcl; cipa; historia clinica; numero de historia; n historia; historia n; no historia
        numero de historia clinica; historia; num historia; numero de paciente; id paciente; nuhsa; nhusa; cipa nhc
        """,
    US_SSN: """
        ssn; ssns; s s n; ss; social security; social security number; soc sec; social; social sec
        ss last four; ssn last four; social last four; last four ssn; last four of ssn
        """,
    HEALTH_PLAN_NUMBER: """
        member id; membership; subscriber id; beneficiary id; policy id; plan id; group id; enrollee id; hpbn
        insurance id; insurance policy; insurance; ins id; ins policy; health plan; health id; health insurance
        medicare; medicaid; tricare; hic; hicn; mbi; hbn; hpn; hpid; aetna; cigna; humana; bcbs; blue cross
        blue cross blue shield; hmo; ppo; rx bin; rx pcn; rx grp; rx group; rxbin; rxpcn; rxgrp; rx id
        health plan beneficiary; policy number; member number; insurance plan; insurance card
        polizze; polizzennummer; vnr; kvnr; kv nr; kvnummer; kv nummer; versichertennummer; versicherten nr; versichertennr; versicherten id
        versicherten nummer; vers nr; versnr; versicherungsnummer; versicherungs nr; krankenversichertennummer
        krankenversicherungsnummer; krankenkassennummer; krankenkassen nr; mitgliedsnummer; egk; egk nr; ik
        kassennummer; kassen nr; versicherungsschein nr; policennummer; mitglieds nr; krankenkasse nr
        numero d assure; n assure; n d assure; nam; ramq; n ramq; n d affiliation; numero d adherent; n adherent; adherent; mutuelle n; amc; amo
        nass; naf; afiliacion; n afiliacion; no afiliacion; numero de afiliacion; numero de asegurado; poliza
        n poliza; numero de poliza; no de poliza; tarjeta sanitaria; cip; cip sns; tis; n tarjeta sanitaria; sip
        """,
    NATIONAL_ID: """
        nhi; ihi; ppsn; pps no; uscis; nhs; nhs number; chi; chi number; national insurance; nino; national id; national identity; ni number
        identity card; identity document; id card; tax id; taxpayer id; tin; itin; aadhaar; cpf; hkid; national health
        steuer id; steuerid; steuernummer; steuer nr; steuernr; idnr; steueridentifikationsnummer; steuer idnr
        steuerliche identifikationsnummer; personalausweis; personalausweisnummer; ausweisnummer; ausweis nr
        personalausweis nr; ausweis; rentenversicherungsnummer; rentenversicherungs nr; rvnr; rv nr; svnr; sv nr
        rv nummer; sv nummer; sozialversicherungsnummer; sozialversicherungs nr; sv; ahv; ahv nr; ahv nummer; bsn
        svnummer; nir; ins; insee; matricule ins; numero de securite sociale; n de securite sociale; secu
        securite sociale; n securite sociale; no securite sociale; n secu; n de secu; no secu; numero de secu; nss
        no de securite sociale; numero d identification; cni; carte d identite; carte vitale; rijksregister; numero ins; niss; n niss; agdref; n agdref; n avs; numero avs; carte avs; avs
        dni; nie; nif; d n i; n i e; n i f; documento nacional; documento de identidad; seguridad social
        numero de seguridad social; n seguridad social; no seguridad social; numero de la seguridad social; rut; curp
        """,
    PASSPORT: """
        passport; passport no; reisepass; reisepassnummer; passnummer; pass nr; passnr; reisepass nr; pass no
        passeport; numero de passeport; n passeport; pasaporte; numero de pasaporte; no pasaporte; n pasaporte
        """,
    LICENSE_NUMBER: """
        license no; licence no; license number; driver license; drivers license; driver s license; driving licence
        driving license; driver licence; driver s licence; dl no; dl number; medical license; medical licence; nursing license; cln; clia
        gdc; hcpc; nzmc; mcnz; mcrn; cpso; nmbi; ahpra; dea; npi; upin; gmc; nmc; rn license; md license; state license; pharmacy license; license id
        professional license; board certificate; dea no; fuhrerausweis; fuhrerschein; fuhrerscheinnummer; fuhrerschein nr; lanr
        bsnr; arztnummer; arzt nr; efn; approbation nr; approbationsnummer; betriebsstattennummer; betriebsstatten nr
        rpps; adeli; finess; inami; n inami; numero inami; n rpps; no rpps; n finess; n adeli; numero rpps; permis de conduire; n ordre; numero d ordre
        no col; n col; ncol; nocol; num col; n colegiado; no colegiado; numero de colegiado; colegiado; colegiada
        num colegiado; n de colegiado; no de colegiado; col; nº col; permiso de conducir; carnet de conducir; cedula profesional
        """,
    VEHICLE_ID: """
        rego; vrm; vrn; car reg; vehicle reg; reg plate; car registration
        vin; vehicle id; vehicle identification; vehicle identification number; vehicle registration; license plate
        licence plate; number plate; registration plate; car plate; plate; plates; plate no; vehicle plate; tag number
        kontrollschild; kennzeichen; kfz kennzeichen; kfz; amtliches kennzeichen; fahrgestellnummer; fahrgestell nr; fin nr; autokennzeichen
        nummernschild; immatriculation; plaque d immatriculation; plaque; numero de chassis; vehicule
        kennz; kfz kennz; amtl kennz; amtl kennzeichen; pol kennz; pol kennzeichen; polizeiliches kennzeichen
        matricula del coche; matricula coche; matricula vehiculo; matricula del auto; placa del coche; placas
        matricula; matricula del vehiculo; bastidor; numero de bastidor; n bastidor; placa
        """,
    DEVICE_ID: """
        serial number; serial no; serial; serial id; s n; udi; udi di; udi pi; imei; device id; device identifier; ref no
        device serial; lot no; lot number; asset tag; model no; implant id; sn no; serial nr; gerate id; gerate nr
        seriennummer; serien nr; seriennr; geratenummer; chargennummer; charge; chargen nr; ch b; implantat nr
        numero de serie; n de serie; no de serie; no serie; n serie; num serie; numero de lot; n de lot; no lote
        numero de lote; n lote; lote n; no de lote
        """,
    ACCOUNT_NUMBER: """
        acct; acct no; account no; account number; account id; accountnumber; a c; bank account; routing; aba; sort code
        bic; swift; har no; har; guarantor id; invoice no; invoice number; billing account; guarantor account; patient account
        mandatsreferenz; kassenzeichen; rnr; konto; kontonummer; konto nr; kontonr; ktonr; kto; kto nr; rechnungsnummer; rechnungs nr; rechnung nr; blz; kundennummer
        kunden nr; rib; numero de compte; n de compte; no de compte; compte n; numero de facture; facture n; n facture
        numero de cuenta; cuenta; n cuenta; no cuenta; no de cuenta; cuenta bancaria; factura n; n factura; no factura
        """,
    CREDIT_CARD: """
        credit card; debit card; card number; card no; visa; mastercard; master card; amex; american express; card ending
        cvv2; cvc2; cvn; card verification; card verification value; security code; card security code; prufziffer; prufnummer; kartenprufnummer
        cryptogramme; cryptogramme visuel; codigo de seguridad; codigo cvv; cvv code; cvc code
        credit card number; payment card; bank card; cvv; cvc; kreditkarte; kreditkartennummer; kreditkarten nr; ec karte
        carte bancaire; carte bleue; carte de credit; cb; numero de carte; tarjeta; tarjeta de credito; numero de tarjeta
        tarjeta de debito
        """,
    IBAN_CODE: "iban; iban no; iban nr",
    BIOMETRIC_ID: """
        fingerprint id; finger print id; thumbprint id; retinal scan id; iris scan id; iris id; iris code; voiceprint id
        voice print id; face id; facial recognition id; biometric id; biometric; biometric hash; dna profile; dna id
        palm print id; hand geometry id; fingerprint; voiceprint; facial template; retinal scan; iris scan; retina scan
        biometric template; biometric reference; face template; gait id; vein pattern id; dna sample
        fingerabdruck id; fingerabdruck; irisscan; stimmprofil; biometrische id; empreinte digitale; empreinte; reference biometrique
        huella dactilar; huella; id biometrico; escaneo de iris; plantilla biometrica
        """,
    PHOTO_ID: """
        photo id; photo no; photograph no; photograph; image id; image no; img; dicom id; dicom uid; picture id; photo file
        film no; study uid; series uid; mugshot; bild nr; bildnummer; foto nr; fotonummer; rontgenbild nr; photo n; cliche n
        image n; foto n; numero de foto; imagen n; no imagen; numero de imagen; no foto
        """,
    FAX_NUMBER: """
        fax; faxed; faxed to; facsimile; telefax; telefaxnummer; telecopie; telecopieur; faxnummer; faxnr; fax nr; faxer
        """,
    PHONE_NUMBER: """
        bleep; bleeps; blp; pgr; ascom; vocera; spectralink; spok; extn; extension; ext; ddi; direct line; switchboard
        telephone; phone; phones; phone no; phone number; phn; tel; tele; tels; cell; cellular; mobile; mob; pager; beeper
        whatsapp; voicemail; hotline; helpline; dial; contact number; phone contact; emergency contact; landline
        contact no; call back; callback; telefon; tel nr; telefonnummer; telefonnr; handy; handynummer; handynr; mobil; mobilnummer
        fon; pieper; sucher; nebenstelle; nst; klappe; kurzwahl; zentrale; vermittlung; telefonisch unter; erreichbar unter; mobiltelefon; rufnummer; ruf; durchwahl; dw; festnetz; piepser; notruf; ruckruf; hausruf; funknummer; apparat
        telephones; portable; mob perso; numero de telephone; n de telephone; no de telephone; poste; bip; dect
        joignable au; joignables au; gsm; tph; telefono; telefonos; tfno; tfnos; tlf; tlfn; tlfno; telf; telfs; telef; movil
        tfn; centralita; busca; numero de telefono; no de telefono; celular; answering at; reach me at; call me at; call; contact
        """,
    POSTCODE: """
        zip; zip code; zipcode; postal code; post code; postcode; plz; postleitzahl; code postal; codigo postal; cp; c p; eircode
        pincode; cod postal; cpostal
        """,
    DATE_OF_BIRTH: """
        yob; year of birth; birth year; dob; d o b; date of birth; birth date; birthdate; birthday; birth; born; born on; born in; dateofbirth; bday; date born
        birthtime; birthtime value; birthdate value; dob value
        jahrgang; jg; geburtsjahr; geb jahr; geb; geboren; geburtsdatum; geb datum; geburtstag; gebdat; gb dat; geb dat
        ne; nee; ne le; nee le; naissance; date de naissance; date de nais; ddn; dn; nais; nait; date naissance; nait en; naitre; date de naiss; date naiss; naiss; d n; ne e; ne e le; ne e en
        nacimiento; fecha de nacimiento; nacido; nacida; fec nac; f nac; fecha nac; f nacimiento; fn; fdn; fnac; nac; f n; naci
        """,
    AGE: """
        age; aged; ages; at age; age of; turned; died at; died aged; lived to; alter; age de; agee; agee de; edad; lebensalter
        im alter; im alter von; a l age de; alter von
        """,
    OTHER_ID: """
        noms; crime ref; accession; accession no; accession number; specimen id; sample id; case id; case no; case number; encounter id; csn; edipi
        encounter; encounter no; visit id; visit no; fin; order no; order id; requisition no; referral no; auth no; prior auth
        authorization no; authorization number; rx no; rx number; prescription no; confirmation no; ticket no; incident no
        reference no; reference number; ref code; tracking no; tracking number; booking ref; employee id; emp id; staff id
        student id; badge; badge no; donor id; recipient id; unos id; barcode; wristband; wristband id; uid; guid; uuid
        pin; unique id; user id; customer id; dod id; military id; inmate no; docket no; trial id; randomization no
        mrn alias; referenz; ihr zeichen; unser zeichen; geschaftszeichen; gz; identifikationsnummer; kennung; kennnummer; personalnummer; personal nr; auftragsnummer; auftrags nr; befundnummer
        befund nr; journalnummer; journal nr; journalnr; e nr; probennummer; proben nr; labornummer; eingangsnummer; eingangs nr
        einsendenummer; tagebuchnummer; vorgangsnummer; buchungsnummer; barcode nr; histologie nr; chiffre
        code d acces; digicode; n d anonymat; n anonymat; n de laboratoire; mdph; identifiant; matricule; numero d examen; n d examen; n examen; numero de prelevement; n de prelevement; code barre; n ald
        episodio; n episodio; numero de episodio; no episodio; icu; identificador; identificacion; numero de identificacion; expediente
        n expediente; no expediente; numero de expediente; numero de muestra; n muestra; no muestra; numero de peticion; n peticion
        peticion; no peticion; n biopsia; no biopsia; registro; n registro; no registro; numero de registro; codigo de barras
        """,
}
WEAK: Final[dict[EntityType, str]] = {
    MEDICAL_RECORD_NUMBER: """
        m r; medical; patient; hospital; facility; chart; unit; file; folder; dossier; record; records; rec; pt; client; resident
        participant; clinic; hosp; med rec; akte; krankenakte; patientin; paciente; fall; hc; nh; subject; hospitalisation; sejour
        """,
    HEALTH_PLAN_NUMBER: """
        member; subscriber; beneficiary; enrollee; policy; plan; group; certificate; claim; payer; ins; coverage; insured; versicherung
        versicherter; versicherte; krankenkasse; assure; assurance maladie; l assurance maladie; asegurado; seguro; aseguradora; mutua; mutuelle
        """,
    NATIONAL_ID: "tax; taxpayer; identity; identite; identidad; steuer; national",
    LICENSE_NUMBER: """
        license; licence; lic; dl; permit; certification; certificate; cert; registration; reg; credential; licencia; colegio; titulo; gphc
        approbation; permis; ordre
        """,
    VEHICLE_ID: "vehicle; car; registration; fahrzeug; voiture; coche; auto; vehiculo",
    DEVICE_ID: """
        device; pacemaker; implant; icd; pump; generator; stent; prosthesis; defibrillator; cgm; ventilator; model; equipment; asset
        lot; batch; sensor; transmitter; neurostimulator; catheter; monitor; valve; ref; sn; herzschrittmacher; schrittmacher; gerat
        implantat; modell; appareil; stimulateur; dispositif; modele; prothese; marcapasos; dispositivo; modelo; protesis; lote; bombe
        """,
    ACCOUNT_NUMBER: """
        account; billing; bank; guarantor; invoice; inv; payment; transaction; receipt; statement; bill; rechnung; compte; facture; factura
        """,
    CREDIT_CARD: "card; cards; karte; carte; discover",
    PHOTO_ID: "photo; photos; image; images; picture; pic; film; slide; dicom; scan; frame; video; foto; bild; cliche; imagen",
    PHONE_NUMBER: """
        ring; reach; reached; text; line; office; home; work; direct; contacto; reachable; erreichbar; kontakt; desk; standard; contact
        call; called; calling; answering; funk; fixe; tf; ph; hm; wk
        """,
    OTHER_ID: """
        specimen; sample; case; visit; order; requisition; referral; authorization; auth; rx; prescription; script; confirmation; conf
        ticket; incident; reference; tracking; booking; appointment; appt; admission; adm; episode; employee; emp; staff; student
        military; service; donor; recipient; transplant; trial; enrollment; report; document; doc; form; application; inmate; offender
        docket; court; locker; pathology; path; lab; cytology; radiology; biopsy; surgical; autopsy; blood bank; system; user; customer; tracking
        histologie; befund; auftrag; probe; labor; aufnahme; protokoll; journal; vorgang; anforderung; rezept; zytologie; pathologie
        prelevement; ordonnance; examen; venue; demande; echantillon; muestra; biopsia; informe; ingreso; solicitud; receta; cita; prueba
        """,
}
CHINESE: Final[dict[EntityType, str]] = {
    MEDICAL_RECORD_NUMBER: "病历号 住院号 门诊号 病案号 病案编号 住院编号 患者编号 患者号 就诊号 登记号 病人号 病人编号 档案号 病历编号 门诊编号 急诊号 就诊卡号 诊疗卡号 就诊卡 诊疗卡 就医卡号 一卡通号 健康卡号 健康卡 电子健康卡 电子健康卡号 电子健康码 病案首页号 住院登记号 入院登记号 病歷號 病歷號碼 病历号码 住院号码 门诊号码 病床卡号 体检号 体检编号 健康档案号 id号 留观号",
    NATIONAL_ID: "身份证号 身份证号码 身份证 证件号 证件号码 居民身份证 居民身份证号 公民身份号码 军官证号 港澳通行证号 港澳通行证 台胞证 台胞证号 回乡证 回乡证号 台湾通行证 往来港澳通行证 军官证 士兵证 士兵证号 军人证号 居住证 居住证号 出生证号 出生证编号 出生医学证明编号 出生医学证明号 出生证明编号 户口本编号 户口簿号 残疾证 残疾证号 残疾人证号 身份證 身份證號 身份證字號 身份證號碼 身分證 身分證字號 身分证号 证件编号 居民证号 外国人居留证号 身份证后四位 身份证尾号",
    HEALTH_PLAN_NUMBER: "医保号 社保号 医保卡号 社保卡号 医疗保险号 医疗保险卡号 医保编号 医保卡 社保卡 参保号 保险号 保单号 新农合号 社会保障号 医疗证号 医保证号 医保个人编号 医保账号 社会保障卡号 社会保障卡 社保编号 医疗保险证号 医疗保险编号 新农合证号 新农合卡号 合作医疗证号 合作医疗号 农合号 参合号 健保卡號 健保卡号 保险单号 参保编号 电子医保凭证号 保险卡号",
    PASSPORT: "护照 护照号 护照号码",
    PHONE_NUMBER: "电话 手机 手机号 手机号码 电话号码 联系电话 联系方式 座机 家庭电话 办公电话 联系人电话 热线 移动电话 微信号 微信 致电 拨打 分机 分机号 内线 内线电话 短号 小灵通 虚拟网 集团号 宅电 家电 办电 固话 电联 手机尾号 电话尾号 電話 手機 聯絡電話 行動電話 值班电话 固定电话 传呼 传呼号 呼机",
    FAX_NUMBER: "传真 传真号 传真号码",
    CREDIT_CARD: "银行卡号 信用卡号 银行卡 信用卡 卡号 安全码",
    ACCOUNT_NUMBER: "账号 银行账号 账户 发票号 收据号 缴费单号 帐号 结算单号 结算号 票据号 票据号码 发票号码 收据编号 收据号码 银行账户 开户账号 缴费号 账单号",
    LICENSE_NUMBER: "驾驶证号 驾照号 执业证号 执业证书号 医师资格证号 资格证号 执业编号 医师编号 医师编码 医师执业证书编码 医师执业证号 执业医师证号 护士证号 护士执业证号 护士执业证书编号 执业证书编号 资格证书编号 资格证编号 医师代码 驾驶证编号 职称证号",
    VEHICLE_ID: "车牌 车牌号 车牌号码 车架号",
    DEVICE_ID: "序列号 设备号 设备编号 机身号 批号 器械编号 产品编号 起搏器编号 出厂编号 机器编号 设备序列号 植入物编号 耗材条码 机器号 仪器编号 仪器号 产品序列号 产品码 资产编号 条码标识 设备序号 灭菌批号 生产批号",
    POSTCODE: "邮编 邮政编码",
    DATE_OF_BIRTH: "出生日期 出生年月 出生年月日 生日 出生于 生于 出生 生辰 出生时间 出生日 出生年 出生月份 出生月日 生年月日 誕生日",
    AGE: "年龄 今年 现年 虚岁 周岁 享年 卒年 年岁 年齡 岁数",
    PHOTO_ID: "照片编号 照片号 影像号 片号 图像编号 ct号 x线号 x光号 mr号 mri号 b超号 dr号 胶片号 影像编号 ct编号 x片号 dsa号",
    BIOMETRIC_ID: "指纹编号 指纹号 虹膜编号 人脸编号 声纹编号",
    OTHER_ID: "编号 检查号 标本号 样本号 检验号 病理号 条码号 条形码 申请单号 处方号 工号 床号 流水号 订单号 学号 影像检查号 放射号 超声号 内镜号 序号 申请号 医嘱号 医嘱编号 手术号 心电图号 心电号 血袋号 血袋编号 献血码 献血编号 献血者编号 受试者号 受试者编号 入组号 筛选号 随机号 标本条码 标本条形码 样品号 样品编号 蜡块号 玻片号 切片号 报告号 报告编号 检验单号 检查单号 采样号 送检号 病理编号 家系号 腕带号 排队号 预约号 挂号单号 会诊号 转诊单号 案件编号 案号 备案号 员工号 职工号 工牌号 胸牌号 试验编号 床头卡号 供者编号 受者编号 核酸编号 监护仪编号 用户编号",
}

NUMBERS: Final = words(
    """
    number numbers num nums no nos nr nrn n o # № id ids identifier identification code codes
    ref reference key nummer kennung numero numeros nro numeral codigo identifiant 号 号码 编号
    """
)
"""Words that say that a number comes."""
GAPS: Final = words(
    """
    is was are being of the patient for this ending in listed recorded as her his my their your
    our provided given with under reads it s issued et est ist lautet es le la el del de du des
    der die das dem den fur para con mit avec a to at on and me us him them you please here new
    old current now nummer von zu am pour son sa su mi votre unter office home work cell mobile
    direct privat dienstlich dienst geschaftlich private personnel professionnel particular
    trabajo perso domicile fijo day night evening main alternate alt primary secondary ext
    emergency patienten versicherten d l
    """
)
"""Words that may stand between a label and its number."""
THINGS: Final = words(
    """
    page p figure fig table tab chapter section version phase grade type size level day week
    cycle dose protocol appendix item step room article volume vol issue score stage class model
    french gauge seite abb abbildung tabelle kapitel grad typ stufe zyklus zimmer punkt figura
    tabla pagina capitulo fase grado tipo ciclo dosis habitacion cama tableau chapitre stade
    chambre lit bed catalog catalogue pmid pmcid doi isbn issn cas ec icd cpt loinc snomed ndc
    hcpcs atc ops drg rxnorm umls orpha omim mesh isrctn eudract nct ref pzn bus line channel
    lead station ward floor top question option route exit decret loi arrete ley decreto gesetz
    directive directiva richtlinie ordonnance norma din iso en verordnung law act standard
    """
)
"""What is numbered and is nobody: "page no. 12", "Table 4"."""
NO_COMPOUND: Final = words(
    """
    hausnummer zimmernummer seitennummer ordnungsnummer artikelnummer rufnummern katalognummer
    bettnummer raumnummer atomnummer ordnungsnr registernummer zulassungsnummer zulassungsnr
    pharmazentralnummer
    """
)
NO_TOWNS: Final = words(
    """
    leuko leukos thrombo thrombos ery erys leukozyten thrombozyten erythrozyten leucocitos plaquetas hematies leucocytes plaquettes zellen
    einheiten patienten personen euro euros dollar dollars kopien copies units patients cells uhr
    january february march april may june july august september october november december januar
    februar mai juni juli oktober dezember
    """
)
"""Capitalised words after a number that is no postcode: "12500 Leukozyten"."""
