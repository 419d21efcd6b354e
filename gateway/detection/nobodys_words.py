"""Words that a tagger takes for names and places, and that name nobody: kin, headings, numbers.

Written for this program, for the five languages of the detection. Rule: only a finding that is
nothing but such a word is nobody's; "Frau Sohn" and "HOFMANN Befund" are asked elsewhere.
"""

# ruff: noqa: E501 - lists of words are read across

from __future__ import annotations

import re
from typing import Final

from gateway.detection.vocabulary import words
from gateway.detection.word_lists import EVERYDAY
from gateway.domain.person_names import fold

_CLINICAL: Final = words(
    """
    anamnese anamnesis befund befunde beurteilung diagnose diagnosen therapie procedere epikrise verlauf schädel thorax abdomen labor
    antecedentes exploración evolución tratamiento juicio motivo ingreso pruebas constantes
    antécédents examen évolution traitement conclusion motif biologie hémogramme ionogramme biochimie hématologie hémostase
    sérologie bactériologie hemograma bioquímica coagulación orina entry
    hemogramme hemograma hemoglobina cheville jambe poignet coude épaule hanche foie poumon cuisse bassin rachis riñón hígado bazo
    pulmón codo hombro cadera tobillo muñeca próstata vejiga niere milz darm prostata schilddrüse wirbelsäule
    orchestra choir quartet ensemble
    ortho neuro cardio pulm derm ophtho uro gyn onc heme nephro psych peds anesthesia pyelo appy chole washout
    wheelchair commode landline voicemail bedside stairs gait speech dispo consult consults dietary chaplaincy
    ayte ayudante adj adjunto adjunta celador celadora auxiliar enfermera enfermero instrumentista circulante triador residente supervisora
    digestivo endocrino cardiología neurología urología ginecología puérpera puerpera encamado encamada
    chir chirurgien anesth anesthésiste interne externe aide-soignante infirmière infirmier kiné brancardier bilatéraux bilatérales
    syphilis triaje triage gastro gen rota tesla
    mandarin cantonese hokkien tigrinya amharic urdu farsi pashto punjabi bengali tagalog malayalam
    gemeinschaftspraxis hausarztpraxis kinderarztpraxis zahnarztpraxis pflegeheim altenheim seniorenheim spital
    """
)
"""Headings of notes and of results, parts of forms, languages to interpret, kinds of houses: they name nobody."""
_GERMAN: Final = words(
    """
    adoptiveltern ambulanz angeh angehörige angehöriger antibiose antikoagulation anästhesie appetit arztbrief atmung
    aufklärung aufnahmegrund augenarzt bauchschmerzen beatmung bedarfsmedikation begleitperson bestrahlung betreuung
    bettruhe bewusstlosigkeit biopsie blutbild blutentnahme blutung blutzucker bronchoskopie broteinheiten chemo
    chemotherapie dauermedikation desinfektion dialyse diarrhoe dokumentation drainage drainagen druckverband durchfall
    duschen dyspnoe echokardiographie eingriff einwilligung ekzem eltern enkelkinder entlassbrief entlassung entzündung
    erbrechen ergo ergotherapie ernährung fadenzug fasching fieber fraktur frühstück fäden gatte gatten gattin gebiss
    gehhilfe gehstock geschwister gewicht gewichtsverlust gewichtszunahme gips gutachten haftkleber hausschlüssel
    delir heuschnupfen kokarde sonnencreme stand
    herzkatheter histo histologie husten hygiene hypotonie hörgerät impfung infusion intubation isolierung juckreiz
    katheter kinder knochenmark kontrolle kopfschmerzen koronarangiographie kostaufbau krampfanfall krankengymnastik
    krankenkasse krankenschein krankheit krea kreislauf lagerung lebensgefährte lebensgefährtin leiste lkw logopädie
    luftnot lungenembolie lyse magenspiegelung material matratze medikamente mibi mobilisation mobilität mrt mundpflege
    nabelschnur nachbarin nachblutung nachsorge nachtdienst naht narkose neffe neffen nichten notaufnahme novalgin
    obstipation operation ordensfrau palliativ patientenverfügung pflege pflegedienst pflegeeltern pflegegrad
    pflegemutter pflegevater physio physiotherapie platzwunde polizei polytrauma prophylaxe punktion reanimation
    rehabilitation rettungsdienst rezept rippen rollator rollstuhl rufdienst röntgen rückfragen sanitäter schiene schlaf
    schlaganfall schlüssel schmerzen schmerztherapie schulter schwangerschaft schwindel sozialdienst sport sprechstunde
    spätdienst stationär stent stuhlgang tabletten telefonat thoraxdrainage thrombose transfusion ultraschall unfall
    untersuchung urin verband verdacht vigilanz visite vorbefund vorerkrankungen waschen weint werkstor wirbel
    wundkontrolle wundverband zustand zähne zöliakie-ak ödeme übelkeit übergabe
    """
)
"""Nouns of notes in German, that nobody is called by in any country."""
_GERMAN_SMALL: Final = words(
    """
    gelb rot grün blau leer nüchtern kachektisch wach müde ruhig unruhig stabil mobil jung alt wer wen wem jo ja nein doch lass
    gg ggf bzw bds li re rechts links oben unten heute morgen bitte danke hallo
    """
)
"""What they write in small letters: Jo and Wach are people, "jo" and "wach" are not."""
_KIN: Final = re.compile(
    r"(?:mom|mum|mummy|mommy|dad|daddy|mama|papa|oma|opa|omi|opi|grandma|grandpa|nana|gran|hubby|wife|"
    r"mamie|papi|papy|maman|mamá|papá|abuela|abuelo|tita|tito|suegr[oa]|cuñad[oa]|yerno|nuera|niet[oa]|sobrin[oa]|tí[oa]|"
    r"herman[oa]|hij[oa]|madre|padre|espos[oa]|marido|(?:la |ma |sa )?belle-(?:mère|sœur|fille)|"
    r"(?:le |mon |son )?beau-(?:père|frère|fils)|nièce|neveu|tante|oncle|sœur|frère|"
    r"(?:schwieger|groß|stief)(?:mutter|vater|eltern)|schwager|schwägerin|enkel(?:in|kind)?|nichte|"
    r"cousine|mädchen|hebamme|ehe(?:mann|frau|gatte|partner)|(?:la |sa )?sage-femme|sohn|tochter|mutter|vater|bruder|"
    r"schwester|(?:sa |son |le |la )?(?:mère|père|fille|fils|épouse|époux|mari|conjointe?|compagne|compagnon))",
    re.IGNORECASE,
)
HAN_KIN: Final = re.compile(
    r"[其该患](?:者)?(?:之)?(?:[长次幼独]?[子女]|儿子|女儿|夫|妻|妻子|丈夫|母|父|母亲|父亲|兄|弟|姐|妹|姐姐|妹妹|哥哥|弟弟|配偶|家属|孙子|孙女|爱人)"
)
_HAN_PHRASE: Final = re.compile(
    "健在|体健|家族史|陈述|陳述|知晓|建议|建議|解释|解釋|规则|規則|规律|常言|常自行|常規|常规|大汗|神志|起病|平车|眼前|小叶|温馨|安好|老高"
    "|任劳任怨|马到成功|江郎才尽|张冠李戴|东施效颦|于是|许多|平安|严禁|马桶|万一|高温|明明|解大便|解小便|拍张|太阳|日程|余系统|余未|余无"
    "|一兄|一妹|一姐|一弟|敬复|敬礼|顺颂|顺祝|时祺|商祺|台鉴|长子|次子|长女|次女|独子|只是|签约|效果|言语|小程序|小护士|血清|速来|优先级.高"
    "|[男女患医院校双]方|[蒙藏维汉粤闽国英]语|德巴金|妈富隆|达喜|卡介苗|阿立哌唑|奥司他韦|熊去氧胆酸|小于|大于|于小转子"
)
"""Words and phrases that begin, end or go on with a surname's character."""
_ROMAN: Final = re.compile(r"(?=[IVX]{2})X{0,2}(?:IX|IV|V?I{0,3})[ab]?")
"""A number of a segment or a nerve: "RFA Seg. VI"."""
_AND_OTHERS: Final = re.compile(r"&[ ](?:Partner|Kollegen|Co|Associates|Asociados|Associés)")
_HAN_WORDS: Final = words(
    """
    本人 如果 盖章 指印 存根 进修 家属 患者 患儿 病人 工人 农民 职工 退休 学生 教师 医生 护士 医师 主任 教授
    阿嬤 阿嬷 阿嫲 阿公 阿婆 阿爺 阿媽 阿伯 阿姨 阿叔 阿母 阿爸 媳婦 嫲嫲 婆婆 公公 爺爺 奶奶 外婆 外公 外籍看護 看護 志工 病患 案主 案母 案父 案女 案子 個案 家屬 護理師 醫師 護士 醫生 主任
    何时 宣教 采样 送检 知晓 向其 向其爱 巡回 专家 同事 邻居 朋友 工友 建筑工人 建议 需要 请问 目前 患方 医方 院方 签名 签字 经办人 负责人
    """
)
_HAN_EPONYM: Final = re.compile(
    "朗格汉斯|朗汉斯|威利斯|布罗卡|韦尼克|浦肯野|格利森|奥迪括|帕金森|阿尔茨海默|克罗恩|霍奇金|库欣|艾迪生|梅尼埃|吉兰|格林-巴利"
    "|罗夫辛|墨菲|巴宾斯基|雷诺|马方|威尔逊|格拉斯哥|沃勒|杜普伊特伦|科利斯|史密斯骨折|特纳综合|克兰费尔特"
)
"""Whom an organ, a sign or a disease is called after: in Chinese nobody else is called so."""
_BED: Final = re.compile(
    r"(?:bed|bay|bett|cama|lit|box(?:es)?|cubicle|sill[óo]n|fauteuil|kabine|koje|床)[ ]?[0-9]{1,3}[A-Za-z]?",
    re.IGNORECASE,
)
_POST_BEFORE: Final = re.compile(r"(?:P\.?[ ]?O\.?|post|mail)[ ]?\Z", re.IGNORECASE)
"""A box of the post is an address."""
_ORGAN_BEFORE: Final = re.compile(
    r"(?<![^\W_])(?:maniobras?|espacios?|ligamentos?|tri[áa]ngulos?|pol[íi]gono|tub[ée]rculos?|n[óo]dulos?|c[ée]lulas?|corp[úu]sculos?|fosa|fosita|conductos?|trompas?|fascia|esf[íi]nter"
    r"|cisura|escisura|asa|anillo|v[áa]lvula|bursa|[íi]leo|separador(?:es)?|man(?:œ|oe)uvres?|espaces?|ligaments?|triangles?|polygone|tubercules?|nodules?|cellules?"
    r"|corpuscules?|fosse|citernes?|trompes?|sphincter|sillon|anse|anneau|valvule|bourse|ressaut|corne|écarteurs?)[ ](?:(?:de(?:l| la)?|du|des)[ ]|d')\Z",
    re.IGNORECASE,
)
_ABBREVIATION: Final = re.compile(r"[A-ZÀ-ÖØ-Þ]{2,5}")
_DOUBTFUL: Final = 0.2
_PHRASE: Final = 5
"""Characters to each side in which a phrase is looked for."""
_TRAINEE: Final = re.compile(r"R[1-5]|MIR(?:[ -]?[1-5])?")
_LETTERS: Final = frozenset("SOAPMFHVWDBQITR")
"""Heads of plans (SOAP, ABCD, P.Q.R.S.T.), sexes, and who asks and who answers."""
_LETTER_OF_A_FORM: Final = re.compile(r"[ ]?[:/]")
_GRANDCHILD: Final = re.compile(r"女(?!士)|子|辈")


def is_a_bed(value: str, before: str) -> bool:
    """Say whether `value` is where somebody lies or sits: "Box 7", and not "P.O. Box 7"."""
    return _BED.fullmatch(value) is not None and _POST_BEFORE.search(before) is None


def is_an_abbreviation(value: str, score: float) -> bool:
    """Say whether it is a few capitals of which the tagger itself thinks little: "CSMA", "ARC"."""
    return score < _DOUBTFUL and _ABBREVIATION.fullmatch(value) is not None


def is_everyday(value: str) -> bool:
    """Say whether `value` is nothing but words of everyday: "RUHIG ANSPRECHEN", "Porridge"."""
    return EVERYDAY.issuperset(map(fold, value.split()))


def is_in_a_phrase(value: str, before: str, after: str) -> bool:
    """Say whether `value` is a part of a Chinese word: 健 of "母健在", 陈 of "陈述"."""
    if value[0] < "\u4e00":
        return False
    before = before[-_PHRASE:]
    start, end = len(before), len(before) + len(value)
    words = _HAN_PHRASE.finditer(before + value + after[:_PHRASE])
    return any(word.start() <= start and end <= word.end() for word in words)


def is_called_after(value: str, before: str, after: str) -> bool:
    """Say whether it names an organ, a sign or a grip, which nobody owns: "espacio de Morrison".

    Or the year of somebody's training, in brackets: "Berta (R1)".
    """
    if before[-1:] == "(" and after[:1] == ")" and _TRAINEE.fullmatch(value):
        return True
    return " " not in value and _ORGAN_BEFORE.search(before) is not None


def is_letter_of_a_form(value: str, after: str) -> bool:
    """Say whether it is a letter of a plan or of a sex, "P :", "M / 44", or of 孙女, a grandchild."""
    if value == "孙":
        return _GRANDCHILD.match(after) is not None
    return value in _LETTERS and _LETTER_OF_A_FORM.match(after) is not None


def is_of_a_segment(value: str) -> bool:
    """Say whether `value` is a Roman number, which may be a theatre's or a ward's, and no person's."""
    return _ROMAN.fullmatch(value) is not None


def is_nobodys_word(value: str) -> bool:
    """Say whether `value` is a word that stands for nobody, whatever stands around it."""
    return (
        value.lower() in _CLINICAL
        or value.lower() in _GERMAN
        or value in _GERMAN_SMALL
        or value in _HAN_WORDS
        or any(each.fullmatch(value) for each in (_KIN, HAN_KIN, _AND_OTHERS))
        or _HAN_EPONYM.match(value) is not None
    )
