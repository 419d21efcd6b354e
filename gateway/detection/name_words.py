"""Titles, labels, degrees and verbs that stand beside names, in five languages, and Chinese surnames.

Parts of patterns: no rule, and nothing about what may stand around them.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

from typing import Final

POSTED: Final = (
    r"(?:[Mm]atron|MATRON|[Pp]harmacist|Physio(?:therapist)?|Dieti[ct]ian|[Ss]ocial [Ww]orker|Paramedic|Chaplain|Constable|Inspector|Sheriff|Trooper|Bishop|Deacon|Vicar|Lieutenant|Colonel|Corporal|Cpl|Cmdr|Aunt(?:ie|y)|aunt(?:ie|y)?|uncle|Granny|Grandad|"
    r"S(?:mt|MT)|Shri|Kumari|M(?:str|aster)|Revd|Canon|Cllr|Councillor|Sheikh|Garda|Brother|Tannie|Oom|Mnr|Mev|SHO|SpR|RMO|JMO|VMO|ANP|ACNP|APRN|FNP|HCSW|RMN|WPC|DOCTOR|Messrs|Baby (?:[Bb]oy|[Gg]irl)|(?:Nurse|NURSE) (?:[Pp]ractitioner|PRACTITIONER)|B/[Oo])"
)
"""Posts and kin that other words follow, too: "SHO Bleep", "Matron Round"."""
DONE_GERMAN: Final = r"(?:befundet|diktiert|geschrieben|vidiert|freigegeben|validiert|unterschrieben|signiert|erstellt|erfasst|dokumentiert|bearbeitet|überwiesen|zugewiesen|aufgenommen|übergeben|durchgeführt|angeordnet|operiert|untersucht|aufgeklärt|veranlasst|begleitet)"
"""What somebody did, who is named behind it: "befundet: Ott", "erstellt von Ott"."""
LABEL_GERMAN: Final = (
    r"(?:pat\.|patient(?:/in|:in|\(in\))|versicherte(?:r|/r)?|hausärztin|(?:be)?handler(?:in)?|(?:ein|zu|über)weiser(?:in)?|operateur(?:in)?|assisten(?:t|tin|z)|anästhesi(?:st|stin|e)|instrumentierende|op-(?:team|pflege)|springer|untersucher(?:in)?|befunder(?:in)?|"
    rf"{DONE_GERMAN}(?: (?:von|durch))?|diktat|visum|schreibkraft|unterschrift(?: (?:arzt|ärztin|patientin))?|"
    r"(?:sach)?bearbeiter(?:in)?|ansprechpartner(?:in)?|(?:kontakt|bezugs|vertrauens)person|kontakt|notfallkontakt|bezugspflege(?:kraft)?|angehörige[rn]?|ehe(?:mann|frau|partner|partnerin)|lebens(?:gefährt(?:e|in)|partner(?:in)?)|partnerin|tochter|sohn|mutter|vater|kind(?:e?s)(?:mutter|vater)|"
    r"eltern|bruder|schwester|enkel(?:in)?|neffe|nichte|schwieger(?:tochter|sohn)|nachbar(?:in)?|freund(?:in)?|(?:berufs)?betreuer(?:in)?|(?:vorsorge)?bevollmächtigte[r]?|(?:gesetzlicher |erwachsenen)vertreter(?:in)?|vormund|beistand|sachwalter(?:in)?|"
    r"pflegekraft|pflege|(?:psycho|physio|ergo)?therapeut(?:in)?|physio|sozialdienst|hebamme|seelsorger?|(?:stations|ober|chef|assistenz|dienst|fach|not|turnus)(?:arzt|ärztin)|(?:ärztlicher )?direktor(?:in)?|(?:ärztliche )?leit(?:ung|er|erin)|"
    r"absender(?:in)?|empfänger(?:in)?|an|von|betreff|betr\.|betrifft|kopie an|verteiler|nachrichtlich|gez\.)"
)
"""Labels of German forms, behind which every noun has a capital: what stands there is asked more."""
TITLE: Final = (
    rf"(?:{POSTED}|"
    r"[Dd]rs?|DR|[Mm]rs?|MRS?|Ms|MISS|[Mm]iss|Mx|[Pp]rof(?:essor)?|[Dd]octor|[Nn]urse|[Ss]ister|[Ff]ather|[Rr]ev(?:erend)?|Capt(?:ain)?|Sgt|Sergeant|Lt|Col|Maj|Gen|Hon|Judge|[Oo]fficer|Detective|Sir|Dame|Lady|Lord|Rabbi|Imam|Pastor|"
    r"Herrn?|Frau|Fr|Hr|Sra?|Srta|Dra|Señora?|Don|Doña|Mme|Mlle|Monsieur|Madame|Maître|Signora?|Sig|Dott|Pr|PD|Priv\.-Doz|OA|Oberarzt|Oberärztin|Chefarzt|RN|LPN|LVN|CNA|MFA|Pfleger|NP|PA|CRNA|Att|Attending|Midwife|Consultant|Registrar|"
    r"[Dd]oct(?:eure?|ora)|DOCT(?:EURE?|ORA)|[Dd]oktor(?:in)?|[Pp]rofess(?:eure?|orin)|[Pp]rofesora?|PROF(?:ESSEURE?|ESSOR|ESORA?)?|Schwester|MME|MLLE|HERRN?|FRAU|DRA|SRTA|"
    r"Uncle|Aunt|Grandma|Grandpa|Coach|Hn[ao]|Sor|Fray|Rvd[ao]|Dña|Lcd[ao]|Ld[ao]|Abbé|"
    r"(?:[Dd]r|DDr|[Pp]rof|(?:Univ|Priv)\.-(?:Prof|Doz)|Mag)\.in|DDr|Dres|(?:Univ|Priv)\.[ -]?Doz|Privatdozent(?:in)?|Prim\.|Primar(?:ius|ia)?|Mag\.[aª]?|Dipl\.[ -](?:Psych|Med|Päd|Soz(?:ial)?\.?-?[Pp]äd|Biol|Chem|Ing|Phys|Soz)|"
    r"OÄ|Oberaerztin|[FL]O[AÄ]|Chefärztin|C[AÄ](?=[ ](?:Dr|Prof|PD|Priv))|Hrn|HR(?=\.)|FR(?=\.)|Frl|Fräulein|DGK[PS]|Pfr|Pfarrer(?:in)?|RAin|"
    r"[Mm]onsieur|[Mm]adame|[Mm]ademoiselle|MONSIEUR|MADAME|MADEMOISELLE|Melle|MELLE|Mde|Mmes|MMES|Mlles|Mesdames|Messieurs|MM(?=\.)|Mtre|Vve|Dre|[Dd]octeurs|Docteur\(e\)|M(?=\.?[ ])|"
    r"Dr\.?ª|Dr[ea]s|[Dd]octor[ea]s|Profa|D\.?ª|D(?=\.[ ])|DÑA|DOÑA|DON|[Dd]oña|don|S[Rr][ea]s|SR(?=\.)|SRA|[Ss]eñor(?:a|ita|es|as)?|SEÑORA?|Lic(?:da|enciad[oa])?|Colonel|Capitaine|Commandant|Coronel|Capitán|Comandante|Teniente|Mtr[oa]|Vda\.? de|[Vv]iuda de|Viudo de)"
)
LABEL: Final = (
    r"(?:(?:full |legal |preferred |maiden |previous |former |print(?:ed)? |birth |first |last |middle |given |family |sur|fore)?names?(?:\(s\))?(?: of patient)?|(?:patient|pt|client|member|subscriber|guarantor|insured|provider|doctor|physician|mother|father|parent|guardian|"
    r"spouse|contact|nurse|child|baby|donor|user|employee|attending|surgeon|customer|account holder|card ?holder|emergency contact)(?:'s)?[ _]?(?:full[ _]?|first[ _]?|last[ _]?|given[ _]?|family[ _]?)?name|"
    r"patients?|pt|client|resident|attending(?: physician| provider| md| surgeon)?|provider|physician|surgeon|assistant|anesthesi(?:a|ologist)|anaesthetist|nurse|rn|doctor|pcp|primary care(?: physician| provider)?|"
    r"(?:ordering|referring|consulting|admitting|treating|primary|supervising|requesting|performing|attending|interpreting|rendering|covering|discharging|on-call|family|responsible)[ _](?:physician|provider|doctor|clinician|surgeon|md|nurse|radiologist|practitioner)|"
    r"(?:ordered|referred|dictated|transcribed|signed|electronically signed|e-signed|reviewed|approved|verified|authored|written|prepared|entered|collected|performed|interpreted|reported|seen|examined|cosigned|co-signed|attested|authenticated|completed|"
    r"recorded|documented|received|requested|typed|prescribed|dispensed|checked|drawn|inserted|clerked|triaged|countersigned|authori[sz]ed|validated|chaperoned|consented|updated|edited|supervised|issued|sent|witnessed|accompanied|assessed|administered|assisted|read|created|submitted|notified)[ _]by|"
    r"author|signature|signed|dictator|transcriptionist|radiologist|pathologist|cardiologist|oncologist|psychiatrist|psychologist|therapist|social worker|case manager|key ?worker|care co-?ordinator|health visitor|physio(?:therapist)?|dieti[ct]ian|gp|specialist|prescriber|operator|supervisor|perfusionist|endoscopist|sonographer|radiographer|phlebotomist|chaperone|scribe|secretary|solicitor|lawyer|(?:substitute|surrogate) decision[- ]maker|person responsible|[lmde]?poa|care ?giver|carer|midwife|pharmacist|technologist|technician|interpreter|consultant|registrar|"
    r"mother|father|mom|dad|wife|husband|spouse|partner|son|daughter|brother|sister|guardian|parents?|mum|mam|(?:grand|step|foster )(?:mother|father|son|daughter|parent|carer)|(?:daughter|son|mother|father|sister|brother)[- ]in[- ]law|niece|nephew|cousin|auntie|sibling|boyfriend|girlfriend|fianc[eé]e?|significant other|friend|neighbou?r|landlord|next of kin|nok|n\.o\.k\.|emergency[ _]contact(?:[ _]name)?(?: ?#?[1-3])?|contact(?:[ _]person)?(?: ?#?[1-3])?|proxy|health care proxy|poa|informant|historian|relative|"
    r"cc|to|from|attn|attention|re|ref|regarding|dear|user|agent|employee|recipient|sender|customer|beneficiary|subscriber|insured|guarantor|policy ?holder|account holder|donor|"
    r"name des patienten|nachname|vorname|arzt|ärztin|hausarzt|patientin|patienten|nom(?: de naissance| d'usage)?|prénom|médecin|nombre|apellidos?|médico|paciente|姓名|患者|医生|"
    r"(?:familien|zu|geburts|mädchen|ruf|patienten|pat\.-?)name|vornamen?|name (?:des kindes|der (?:mutter|patientin)|des vaters)|"
    + LABEL_GERMAN
    + r"|"
    r"pr[ée]noms?(?:\(s\))?(?: usuel| de naissance)?|nom (?:de famille|de jeune fille|marital|usuel|d['\u2019](?:épouse|usage)|patronymique)|(?:nom|nombre) y apellidos|(?:primer|segundo|1er|2º|1º) apellido|apellido [12]|nombre (?:completo|del (?:padre|paciente)|de la madre)|"
    r"patient(?:e|\(e\))|identité|identidad|usager|résidente?|usuari[oa]|interesad[oa]|afiliad[oa]|asegurad[oa]|"
    r"(?:médecin|medecin) (?:traitant|référent|prescripteur|responsable|adresseur|correspondant)|prescripteur|praticien(?:ne)?|chirurgien(?:ne)?|opérateur|anesthésiste|iade|ibode|ide|aide opératoire|radiologue|manipulateur|pharmacien(?:ne)?|psychologue|assistante? sociale|secrétaire|infirmi(?:er|ère|ere)|interne|externe|cadre de santé|aide-soignante?|kin[ée](?:sithérapeute)?|sage-femme|chef de (?:service|clinique)|ambulancier|"
    r"destinataire|expéditeur|rédacteur|rédactrice|(?:rédigé|validé|signé|dicté|adressé|examiné|vu|prescrit|réalisé|opéré|saisi|relu)e? par|copie à|(?:à|a) l['\u2019]attention de|"
    r"personne (?:de confiance|à prévenir|à contacter|ressource)|personne-ressource|tuteur|tutrice|curat(?:eur|rice)|mandataire|représentante? légale?|aidante?(?: principale?)?|"
    r"médic[oa] (?:responsable|de cabecera|solicitante|peticionario|tratante)|medic[oa](?: (?:responsable|de cabecera|solicitante|peticionario|tratante))?|médica|facultativ[oa](?: responsable)?|(?:primer )?cirujan[oa]|ayudante|anestesista|anestesiólog[oa]|instrumentista|radiólog[oa]|patólog[oa]|enfermer[oa](?: responsable)?|due|tcae|auxiliar|matrona|fisio(?:terapeuta)?|psicólog[oa]|trabajador[a]? social|farmacéutic[oa]|residente|"
    r"jefe de servicio|jefa de servicio|remitente|destinatari[oa]|solicitante|firmado(?: por)?|fdo\.?|firma|(?:redactado|validado|informado|solicitado|realizado|valorado|atendido|remitido) por|acompañante|familiar(?: de contacto)?|persona de contacto|representante legal|cuidador[a]?(?: principal)?|testigo|intérprete|a/a|atte?\.?|"
    r"père|mère|pere|mere|fils|fille|[ée]pou(?:x|se)|conjointe?|mari|femme|frère|s(?:œ|oe)ur|voisine?|padre|madre|hij[oa]|espos[oa]|marido|mujer|cónyuge|pareja|herman[oa]|vecin[oa])"
)
CREDENTIAL: Final = r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?|Ph\.?D\.?|PharmD|DPM|DDS|DMD|FACS|FACP|FACC|LPN|LVN|CRNA|CNM|CNP|FNP(?:-C|-BC)?|ARNP|APRN|DNP|MPH|MBBS|MBChB|FRCP|FRCS|LCSW|LMFT|PsyD|PT|DPT|OTR|SLP|RD|RT|BSN|MSN|MSW|EMT|CNA|Esq)"
SAID: Final = r"(?i:mein name ist|ich hei(?:ß|ss)e|namens|named|called|known as|aka|a\.k\.a\.|alias|goes by|name is|name's|name was|it's under|is under|i am|i'm|signed|dear|hello|hi|hey|sincerely|regards|cheers|yours truly|respectfully|addressed to|spoke (?:to|with)|contact|ask for|accompanied by|care of|referred by|typed by|clerked by|chaperoned by|prescribed by|seen by|treated by|ordered by|dictated by|reviewed by|signed by|performed by|written by|per|married to)"
NICKNAMED: Final = r"(?i:also known as|a\.?k\.?a\.?|alias|nicknamed|goes by|(?:likes|prefers|wants) to be called|genannt|gen\.|spitzname|rufname|dite?|surnommée?|apodad[oa]|conocid[oa] como|le llaman)"
HAN_SURNAME: Final = (
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫"
    "段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]"
)
HAN_RARER: Final = (
    "邝佘苗乔裘龚冼麦丘古尤阮蓝郎卫柳鲍费岑柴滕殷毕郝皮卞齐康伍卜穆萧湛汪祁禹狄米臧戴宋茅庞纪舒屈项祝梁闵席麻强娄颜梅盛刁徐骆樊凌霍虞柯昝裴荣翁荀甄曲封芮储靳井巫乌焦牧隗车侯蓬班仰仲宫甘祖符景詹束司黎薄印宿蒲邰咸籍赖卓蔺屠池胥苍翟谭贡姬申冉郦雍桑桂牛边扈燕冀浦尚温庄晏瞿阎茹习艾容"
    "钮宫战逄禚亓鄂谌仝栾逯丛牟迟蓝厉荆盖隋翁卓矫綦慎戈廖居步仇粟冷晏漆蔺辛岳柏屠计饶麻晋郜闵邰耿匡寇广欧沃蔚隆巩聂晁敖訾阚饶曾沙鞠丰游权益佟庹覃岑阚祁闭敖"
)
"""Rarer surnames, but for those that are a word of a sentence, too ("和", "向", "经")."""
