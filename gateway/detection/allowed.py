"""Words that look like names and are none: drugs, devices, papers, eponyms of diseases.

They silence weak findings only, those for which nothing but the words themselves speaks; what a
title, a label, a field or a second recognizer insists on stays (`merging.py`). A site adds its own
with `intramural detect dictionary load --kind allow`. Written down for this program from common
clinical knowledge (international nonproprietary names and names of diseases are facts); no
dictionary of others was copied, so the list is under the licence of this program.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.vocabulary import EPONYM_NOUNS, EPONYMS
from gateway.domain.person_names import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split())


DISEASES: Final = _words(
    """
    alzheimer alzheimers asperger aspergers basedow bechterew behcet binswanger crohn crohns
    cushing cushings duchenne dupuytren guillainbarre hashimoto hirschsprung hodgkin hodgkins
    huntington huntingtons kaposi klinefelter korsakoff korsakow lyme marfan meniere menieres
    nonhodgkin osgood paget parkinson parkinsons peyronie raynaud raynauds scheuermann sjogren
    sjogrens sudeck takayasu taysachs tietze tourette tourettes waldenstrom wegener wegeners
    willebrand
    bazett billroth blandaltman bonferroni bouveret brownsequard buddchiari chediakhigashi
    chiarifrommel churgstrauss clerambault cockcroftgault creutzfeldtjakob cronkhitecanada
    dandywalker denisweber dixhallpike dubinjohnson epsteinbarr essexlopresti fitzhughcurtis
    fridericia gilleslatourette hallervordenspatz handschuller henochschonlein hillsachs
    hosmerlemeshow housebrackmann kaplanmeier kayserfleischer kiesselbach kimmelstielwilson
    kleinelevin klippelfeil klippeltrenaunay kruskalwallis lamberteaton landaukleffner laugehansen
    leggcalveperthes leschnyhan lifraumeni lownganonglevine malloryweiss mannwhitney mayerrokitansky
    mirizzi osgoodschlatter paulbunnell peutzjeghers pickwick pierrerobin plummervinson prinzmetal
    queckenstedt reedsternberg rokitansky salterharris shapirowilk stevensjohnson sturgeweber susac
    tolosahunt treachercollins unverrichtlundborg vogtkoyanagiharada waterhousefriderichsen
    weberchristian werdnighoffmann wernickekorsakoff wolffparkinsonwhite ziehlneelsen
    zollingerellison
    """
)
"""Names that are a disease also where no noun says so: "history of Parkinson"."""

DEVICES: Final = _words(
    """
    accuchek allevyn ambu angiocath blakemore broselow codman dacron debakey dexcom doppler draeger
    drager dyna foley freestyle gigli glucometer holter jacksonpratt kirschner kocher langenbeck
    libre ligasure medtronic metzenbaum minimed monocryl omnipod penrose permcath pigtail pleurx
    portacath prolene redon riva rocci seldinger smead steri stryker swanganz tegaderm tenckhoff
    trocar venflon veress vicryl weitlaner yankauer
    """
)

MAKERS: Final = _words(
    """
    abbott baxter boston braun burr gore hickman fogarty hohmann kelly mayo steinmann toomey
    """
)
"""Devices and makers that many people are named like: harmless before a device's noun only."""
_DEVICE_NOUN: Final = re.compile(
    r"[ -](?:clamps?|catheters?|drains?|forceps|retractors?|scissors|stand|tubes?|lines?|wires?"
    r"|pins?|nails?|grafts?|table|tray|needles?|holder|pumps?|pacemaker|stents?|valves?|sensors?|monitors?"
    r"|scientific|freestyle|libre|katheter|klemme|pinzette|schere|haken|hebel|nadel|nagel|pumpe"
    r"|pince|pinza|sonda|sonde|melsungen)\b",
    re.IGNORECASE,
)
_DEVICE_BEFORE: Final = re.compile(
    r"(?:\b(?:bombas?|pompes?|sondas?|sondes?|pinzas?|pinces?|catéter(?:es)?|cathéters?|drenajes?|drains?|monitor(?:es)?|moniteurs?"
    r"|respirador(?:es)?|respirateurs?|pumpen?)[ ](?:de |[A-Z][a-z]{2,12} (?:y|o|et|ou|und) )?)\Z"
)
"""What a maker's name stands behind in Romance languages: "bombas Alaris y Braun"."""
HAN_BRANDS: Final = _words(
    """
    辉瑞 赛诺菲 恒瑞 罗氏 诺华 拜耳 默沙东 阿斯利康 礼来 诺和诺德 葛兰素史克 雅培 强生 三诺
    鱼跃 石药 齐鲁 正大天晴 豪森 扬子江 科伦
    信达 百济神州 君实 同仁堂 美敦力 波士顿科学 西门子 飞利浦 迈瑞 联影 东软
    """
)
"""Makers of drugs and devices, as Chinese papers call them."""

PAPERS: Final = _words(
    """
    affidavit assignation bescheid beschluss citation citación convocation defendant demanda
    deposition gerichtsbeschluss invoice lawsuit memorandum petition plaintiff requerimiento
    sentencia subpoena summons testimony verdict vollmacht vorladung warrant
    """
)
"""What arrives from courts and offices, where a line begins with it."""

DRUGS: Final = _words(
    """
    abacavir abatacept abciximab abilify acarbose acetaminophen acetazolamide actos acyclovir
    adalimumab adderall adenosine adrenaline advair advil afinitor aggrenox aimovig ajovy
    albuterol aldactone alendronate aleve alfuzosin allopurinol alprazolam alteplase
    amaryl ambien amikacin amiodarone amitriptyline amlodipine amoxicillin amoxil amphotericin
    ampicillin anakinra anastrozole apixaban apremilast aranesp aricept arimidex aripiprazole
    aromasin aspirin aspirina atacand atarax atenolol ativan atomoxetine atorvastatin atovaquone
    atripla atropine atrovent augmentin avandia avapro avastin avelox avodart azathioprine
    azithromycin baclofen bactrim bactroban basaglar belimumab benadryl benazepril benicar
    benlysta bevacizumab bisoprolol bivalirudin boniva botox brilinta budesonide bumetanide bumex
    buprenorphine bupropion buspar buspirone bydureon byetta caduet calcitriol candesartan
    captopril carafate carbamazepine carbidopa cardizem cardura carvedilol catapres cefazolin
    cefepime ceftriaxone cefuroxime celebrex celecoxib celexa cellcept cephalexin cetirizine
    cetuximab chantix cialis cimetidine cimzia cipro ciprofloxacin cisplatin citalopram
    clarithromycin claritin clexane clindamycin clonazepam clonidine clopidogrel clozapine
    clozaril codeine colace colchicine combivent concerta copaxone coreg coumadin cozaar creon
    crestor cyclobenzaprine cyclophosphamide cyclosporine cymbalta dabigatran dapagliflozin
    daptomycin decadron demerol denosumab depakote dexamethasone dexmedetomidine diamox diazepam
    diclofenac digoxin dilantin dilaudid diltiazem diovan diphenhydramine dipyrone divalproex
    dobutamine donepezil dopamine doxazosin doxycycline dulaglutide duloxetine dupilumab dupixent
    duragesic edoxaban effexor elavil eliquis empagliflozin enalapril enbrel enoxaparin entresto
    entyvio ephedrine epinephrine epipen epogen ertapenem erythromycin escitalopram esomeprazole
    estradiol etanercept etomidate euthyrox evista exelon exforge ezetimibe famotidine farxiga
    febuxostat femara fentanyl finasteride flagyl flomax flonase fluconazole fluorouracil
    fluoxetine fluticasone folfiri folfox forteo forxiga fosamax fosinopril furosemide gabapentin
    gabapentina gentamicin geodon gleevec glimepiride glipizide glucophage glucotrol glyburide
    haldol haloperidol heparin herceptin humalog humira humulin hydralazine hydrochlorothiazide
    hydrocodone hydrocortisone hydromorphone hydroxychloroquine hydroxyzine hyzaar ibrance
    ibuprofen ibuprofeno imatinib imbruvica imdur imipenem imitrex imodium imuran inderal
    infliximab insulin integrilin invega invokana ipratropium irbesartan isentress isosorbide
    ivabradine jakafi janumet januvia jardiance kadcyla kaletra keflex kenalog keppra ketamine
    ketorolac keytruda klonopin labetalol lacosamide lactulose lamictal lamotrigine lansoprazole
    lantus lasix latuda leflunomide lenalidomide letrozole levaquin levemir levetiracetam
    levofloxacin levothyroxine lexapro librium lidocaine linagliptin linezolid lipitor liraglutide
    lisinopril lithium lopressor loratadine lorazepam losartan lotrel lovastatin lovenox lucentis
    lunesta lyrica macrobid marcumar meloxicam memantine meropenem metamizol metformin metformina
    methadone methotrexate methylprednisolone metoclopramide metolazone metoprolol metronidazole
    micardis midazolam midodrine milrinone miralax mirtazapine mobic modafinil montelukast
    morphine morphium motrin mounjaro mucomyst mycophenolate naloxone naltrexone namenda naproxen
    narcan nasonex neurontin nexium niacin nicardipine nifedipine nitrofurantoin nitroglycerin
    nivolumab nolotil nolvadex norco norepinephrine norvasc novalgin novolog novorapid olanzapine
    olmesartan omeprazol omeprazole ondansetron opdivo orencia oseltamivir otezla oxaliplatin
    oxcarbazepine oxycodone oxycontin ozempic paclitaxel palbociclib pamidronate pantoprazol
    pantoprazole paracetamol paroxetine paxil paxlovid pembrolizumab penicillin pepcid percocet
    phenergan phenobarbital phenylephrine phenytoin pioglitazone piperacillin plaquenil plavix
    pradaxa pramipexole prasugrel pravachol pravastatin prednisolone prednison prednisone
    pregabalin premarin prevacid prilosec primidone prinivil procardia prograf prolia promethazine
    propofol propranolol proscar protonix provigil prozac pulmicort pyridostigmine quetiapine
    quinapril ramipril ranexa ranitidine ranolazine rapamune razadyne reglan remdesivir remeron
    remicade renvela requip restasis restoril revlimid rifampin rifaximin risperdal risperidone
    ritalin ritonavir rituxan rituximab rivaroxaban rivastigmine rocephin rocuronium ropinirole
    rosuvastatin rybelsus sacubitril salbutamol salmeterol saxagliptin secukinumab semaglutide
    senokot sensipar septrin seroquel sertralin sertraline sevelamer sildenafil simvastatin
    sinemet singulair sintrom sirolimus sitagliptin solifenacin solumedrol sotalol spiriva
    spironolactone stelara strattera suboxone succinylcholine sucralfate sulfasalazine sumatriptan
    symbicort synthroid tacrolimus tamiflu tamoxifen tamsulosin tapazole tarceva tazobactam
    tegretol telmisartan temazepam tenormin terbinafine teriparatide theophylline thiotepa
    ticagrelor timolol tiotropium tizanidine tobramycin tocilizumab topamax topiramate toprol
    toradol torasemide torsemide toujeo tradjenta tramadol trastuzumab trazodone tresiba tricor
    trileptal trulicity truvada tylenol uloric ultram urapidil ustekinumab valacyclovir valium
    valproate valsartan valtrex vancomycin vasotec vedolizumab venlafaxine ventolin verapamil
    versed vesicare viagra vicodin victoza vimpat voltaren voltarol vortioxetine vytorin vyvanse
    warfarin wegovy wellbutrin xanax xarelto xeljanz xeloda xgeva xolair xyzal zantac zestril
    zetia ziprasidone zithromax zocor zofran zoledronate zoloft zolpidem zometa zosyn zyloprim
    zyprexa zyrtec
    """
)
_DRUG: Final = re.compile(
    r"[a-z]{3,24}(?:sartan|statin|tinib|ciclib|cillin|floxacin|gliptin|gliflozin|glutide|prazol[e]?|"
    r"xaban|gatran|triptan|azepam|azolam|dronate|glitazone|limumab|tuzumab|lizumab|ximab|zumab|"
    r"tegravir|buvir|setron|platin|rubicin|parin|thyroxine?|bactam|penem)\Z"
)
_NOUNS: Final = _words(
    """
    anämie demenz disease drainage erkrankung formel fraktur grad hernie index katheter
    klassifikation kontraktur krankheit kriterien linie lymphom manöver operation phänomen punkt
    reflex sarkom scale score sign skala stadium syndrom syndrome test thyreoiditis tumor zeichen
    """
)
_BEFORE: Final = re.compile(
    r"(?:\b(?:morbus|mb|m|enfermedad|s[ií]ndrome|signo|escala|test|score|maladie|syndrome|signe|"
    r"échelle|índice|indice|clasificación|classification|criterios|critères|fractura|fracture|"
    r"zeichen|klassifikation|tumor|linfoma|lymphome|sarcoma|quiste|prueba|maniobra|man(?:œ|oe)uvre|técnica|technique|tecnica|"
    r"hernia|hernie|drenaje|drain|sonda|sonde|pinzas?|pinces?|reflejo|réflexe|angle|ángulo|tríada|triade|fórmula|formule|"
    r"abordaje|incisión|incision|plastia|hernioplastia|ley|loi|ganglio|dedo|signos|signes|maladies)\b\.?"
    r"[ ](?:de[l]?|nach|von|d')?[ ]?)\Z",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def is_harmless(text: str, start: int, end: int) -> bool:
    """Say whether `text[start:end]` is nothing but drugs, devices, papers and names of diseases."""
    words = [fold(word) for word in _WORD.findall(text[start:end])]
    if not words:
        return False
    joined = "".join(words)
    if all(_is_thing(word) for word in words) or joined in DISEASES or joined in DEVICES:
        return True
    if all(_is_thing(word) or word in MAKERS for word in words):
        before = _DEVICE_BEFORE.search(text, max(0, start - 40), start)
        return before is not None or _DEVICE_NOUN.match(text, end) is not None
    stands_for = [_bare(word) in EPONYMS or _bare(word) in DISEASES for word in words]
    if not stands_for[0]:
        return False
    if all(stands_for):
        return EPONYM_NOUNS.match(text, end) is not None or (
            _BEFORE.search(text, max(0, start - 24), start) is not None
        )
    # "Babinski-Zeichen", "Wilson-Score": a compound whose last word says what it is.
    return words[-1] in _NOUNS


def _bare(word: str) -> str:
    return word if word in EPONYMS else word.removesuffix("s")


def _is_thing(word: str) -> bool:
    known = (
        word in DRUGS or word in DISEASES or word in DEVICES or word in PAPERS or word in HAN_BRANDS
    )
    return known or _DRUG.match(word) is not None
