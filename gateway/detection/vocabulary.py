"""Words that look like names and are not: the documented deny-list, in data form.

A capitalised word in this list does not make a person or a place by itself. A label or a title
("Patient: …", "Mrs …") needs stronger evidence to be overruled, so only `NEVER_NAMES` counts there.
Everything here was written for this program; no word list of others was copied.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.word_lists import DRUGS


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text."""
    return frozenset(text.split())


NEVER_NAMES: Final = words(
    """
    a about according acute additional after again age aged all allergic allergies allergy also
    an and annual any appears appointment are as assessed assessment at attending baseline been
    before being born both but by call called can care case cc chart chief chronic clinic
    clinical comments complaint complaints complains condition consent consult consultation
    contact contraindications could current daily date day denies department describe details
    diagnosed diagnosis diagnostic did discharge discharged discuss discussed diet do does
    dosage dose dosing during ed effectiveness effective effects elderly email emergency
    encounter evaluate evaluated evaluation exam examination family fax female findings first
    followup follow following for found from further gender general given gp guidelines had has
    have he health healthy her here him his history hospital how however hx i icu id if impact
    impression in indication indications info information initial insurance interim is it its
    known lab laboratory labs language last latest latex left level levels male management
    managing me med medical medication medications meds member mental middle mild moderate
    mother more mr mrn mrs ms n/a na name named need needs negative new newborn next no none
    normal not note noted notes now nurse nursing number ob objective occupation of old on one
    only operative or other our outpatient overall pain parent past patient patients pcp pending
    phone physical physician plan please pm pmh positive post postoperative practitioner pre
    pregnant preop presenting presents primary prior procedure procedures prognosis progress
    provider provide pt pts question race reason recent recommend recommendations recommended
    recommendation record recovery referral referred reports request requires resident results
    review right risk risks room routine said same schedule see seen severe sex she should show
    sign signed signature significant since social specialist specific stage standard statement
    states status subject subjective suggest suggestions summary supervising surgery surgeon
    surgical symptoms team test tests than that the their them then there therapist therapy
    these they this those time title to today treatment treatments type under unit unknown
    unremarkable updated urgent use used using vitals visit vs ward was we weight well were what
    when where which while who whom whose why will with without woman would yes you your
    yesterday tomorrow yo summarise summarize summarised summarized rewrite rephrase paraphrase
    translate extract classify proofread shorten redact anonymise anonymize
    """
)
"""Words that no label turns into a name: the language of forms and notes."""

TITLE_STOPS: Final = words(
    """
    a an and appointment appt are as assistant assistants at by call called calls case clinic
    did for from has he her his if in is it manager midwife note notes of office on or order
    ordered orders practitioner practitioners recommended recommends request review said says
    she specialist staff stated states station that the then they this to today visit visits was
    when who will with
    kollege kollegin kollegen kolleginnen doktor professor patient patientin oberarzt chefarzt
    le la les el los der die das den dem
    confrère consœur colega paciente
    surname forename forenames firstname lastname name vorname nachname nom prénom nombre apellido
    apellidos title initials signature unterschrift
    apgar clin dipl extrait extraite mob rx stroke surg
    medizinalrat medizinalrätin
    visite rücksprache protokoll befund aussage angabe angaben bericht arztbrief akte labor
    """
)
"""What may follow a title and is no name ("Nurse Practitioner"); no other word overrules it."""

_COMMON: Final = words(
    """
    column columns row rows
    beautiful cloudy cold foggy funny happy lovely lucky nice pleasant rainy sad snowy stormy
    sunny terrible warm windy wonderful
    ability able abnormal absent access account action active activity address admission admit
    admitted adult adults advanced advice afternoon agent alert alcohol alternative although
    always american among analysis anatomy anesthesia another answer antibiotic antibiotics
    anyone appropriate approach april area are arm around article asian ask assistance assistant
    associated attached august available average avoid away back balance bank because become bed
    behavior behavioral below benefits best better between bilateral billing biopsy birth black
    bleeding blood board body bone book both brain breast breath brief bring building business
    came cancer car card cardiac cardiology cardiovascular caregiver cell center central
    certificate change changes check chest child children choose city class clear client close
    code cold color come comment common community company compare comparison complete complex
    concern concerns confirmed congestive consider considerations continue control correct cost
    cough count country county course court covid create critical culture customer data daughter
    dear death december decision decrease deep deficiency degree delivery dental depression
    dermatology described detail detected development device diabetes diabetic diagnoses
    difference director disability disease disorder distress district division doctor doctors
    document does done door down dr drink drive drug drugs due ear early east education elevated
    either emergent end endocrine endocrinology english enjoy enter error established etiology
    even evening event ever every evidence examine example exercise expected experience explain
    explore extended extremities extremity eye eyes face facility factor failure fall falls
    false father february feel feeling feet fetal fever few fibrillation field figure file final
    find finding fine fluid food foot form found free french frequency frequent friday friend
    from full function fund gastric gastroenterology generally german get girl give glucose go
    going good got grade great green group growth guardian guide guideline gynecology hand happy
    hard head headache hearing heart heat height hello help hematology hepatic hepatitis hereby
    hi high hip hispanic home hour hours house housing human hypertension idea identification
    identify imaging immediate immune implant implications important improve improved including
    increase increased index indicated indirect individual infection infectious inflammatory
    informed injection injury inpatient inquiry instead instructions insulin intake intensive
    interaction interactions intervention interventions intravenous investigation invoice
    involving iron issue issues items january job joint july june just keep key kidney kind knee
    large late later law lead leave leg legal length less let letter license life lifestyle
    light like likely limit limited line list little liver living local location long look low
    lower lung lymph magnetic main maintenance major make manager many march marital marked
    married mass maternal matter maximum mean measure measures mechanism medicaid medicare
    medicine meeting members memory men menu message method methods mg mid mind minor minute
    minutes model monday money monitor monitoring month months morning most motor mouth move
    much multiple muscle must my nasal national natural nature near neck neonatal neoplasm nerve
    neuro neurologic neurological neurology neurosurgery never news night nodule north northern
    nothing notice november nutrition obesity obstetrics october off office official often ok
    okay older oncology open operation operating operator opinion option options oral order
    orders organ orthopedic orthopedics osteoporosis out outcome outcomes over own oxygen page
    palliative panel paper parents part partner party path pathology pay payment pediatric
    pediatrics people percent performed period person personal pharmacist pharmacy phase
    physicians picture place plans point policy poor population possible potential power
    practice pregnancy prep prepare prescribed prescribing prescription present pressure prevent
    prevention preventive previous primarily principal private probable problem problems process
    product professional professor profile program project prophylaxis propose protein protocol
    protocols proven psych psychiatric psychiatry psychology public pulmonary pulse purpose
    quality quarter quick radiation radiology range rapid rare rate rather ratio reached read
    ready real really receive received receiving red reduce reference refer reflex regarding
    region registered regular regimen rehab rehabilitation related relation relationship
    relative release relevant relief religion remains remember remote renal rep repeat report
    required requirements research resistance resistant residence resolved resource resources
    respiratory respond response rest return rheumatology role rule safe safety sample saturday
    save scale scan school science screening search second section security self send senior
    sensitive september series serious serum service services session set several she short sick
    side signs similar simple single sir sister site situation size skin sleep slow small
    smoking social society soft some someone son soon source south southern spanish speech spine
    spoke spouse staff start started state station stay stop strategies strategy street strength
    stress stroke strong student studies study such sudden suite sunday support supportive sure
    surgeries surveillance suspect suspected swelling symptom syndrome system systemic systems
    table take taken taking talk tel telephone tell temp temperature term thank thanks therapies
    therapeutic therefore thing think third thoracic though thought thromboembolism through
    throat thursday tissue today together told total toward trauma treat treated treating trial
    trials triage true try tuesday tumor tx two types uncontrolled understand underlying united
    units university unless unspecified until up upper upon urgent urology urine usual utility
    vaccination vaccine valid value values valve various vascular vein venous verify version
    very via video view viral vision visits visual vital vitamin voice volume wait walk want war
    warning water way web website wednesday week weekly weeks welcome west western wheelchair
    whether whole wife window within women word work worker working world worse wound wounds
    write year years yellow yet young zone disposition dictated transcribed addendum allergen
    cc'd hospitalist hgb hct plt mcv glucose sodium potassium chloride creatinine bicarb calcium
    albumin bilirubin lactate troponin ferritin tsh inr platelets hemoglobin haemoglobin
    cholesterol triglycerides sodium urinalysis ekg coma scale tomorrow overnight subjective
    cardio pulm neuro heme resp abd ext msk derm psych constitutional heent perrla ros objective
    interval narrative synopsis course brief follow-up post-op pre-op inpatient obs bedside
    telemetry unit rounds prevnar shingrix pfizer moderna medtronic boston-scientific gram staph
    strep coli klebsiella candida african african-american american arab asian british canadian
    caucasian chinese christian cuban dutch english european filipino french german greek
    haitian hindu hispanic indian irish italian japanese jewish korean latina latino mexican
    muslim nigerian pakistani polish portuguese russian spanish swedish turkish ukrainian
    vietnamese one two three four five six seven eight nine ten first second third i'm you're
    he's she's it's don't didn't isn't can't love hate killed baby kids mystery royal treaty
    princess club secretly supposed wisdom devil ensure rec mgmt afib mcg tab tabs cap caps gene
    score scores cohort registry consortium bot mobile website desk salesperson turned zip
    brother dx pmh psh fh sh ace adam aids alzheimer alzheimers arb asthma ast atrial autism
    bipolar bmi bph bronchitis bun cad cbc chd chf ckd copd covid-19 crohn crohns ct cva cxr ddx
    dka dm dmt dvt ecg echo eeg eczema egfr ekg emg er esrd fda framingham gad gerd gi gu hba1c
    abx admissions aki bp clin cards colleague colleagues dob flank fracture fractures hh
    walk-in drop-in
    notify obstruction ophtho ortho peds pcv rhythm sirs surg transplant viability
    hdl hep hfpef hfref hiv hpi hpv hr htn ibd ibs icd idf ili inr iv kg ldl lft lfts lupus lvef
    mi mmr mra mrcp mri mrsa ms msk nash neuropathic nihss nph nsaid nsaids nsclc nyha ocd opd
    or osa oud pacu pcr pe pet pft phq phq-9 ppi prn psa ptsd pud rbc ros rsv sarcoidosis sars
    sglt2 sle soap ssri ssris stemi nstemi std sob tb tia tsh uc uri us usa uti vte wbc who cdc
    nih nhs acc aha ada gold kdigo esc nice cms
    """
)

EPONYMS: Final = words(
    """
    addison alport alzheimer apgar asperger babinski baker barrett bartholin bechterew beck bell
    berger bigelow billroth bishop blumberg bochdalek bosniak
    bouchard bowen broca brudzinski brugada budd-chiari buerger burkitt caprini
    chaddock chagas charcot charcot-marie-tooth charlson cheyne-stokes chiari child-pugh chvostek
    cockcroft-gault colles conn crohn cushing down dressler duchenne dupuytren ebstein edwards
    ehlers-danlos ewing fabry fallot fanconi finkelstein fisher fitzpatrick foley framingham
    fuhrman gaucher glasgow gleason goodpasture gower graves guillain-barre guillain-barré
    jobe kehr lasegue lasègue lichtenstein mallampati morgagni morrison
    rolando sylvius willis zenker
    hamilton hashimoto heberden helicobacter hirschsprung hodgkin hoffmann hoffman holter homans
    horner huntington jackson kaposi karnofsky kawasaki kernig killip klinefelter korsakoff
    lachman legionella lewy lhermitte lisfranc lyme lynch lou-gehrig mallory-weiss mantoux
    marfan mcburney mcmurray meckel meniere ménière mobitz montgomery-asberg moro murphy osler
    osler-weber-rendu paget parkinson parkinsons parkland peyronie phalen pott prader-willi
    quincke ramsay ranson raynaud reed-sternberg reiter reye rinne romberg rorschach rovsing
    schilling sjogren sjögren snellen stevens-johnson still swan-ganz takayasu tanner tay-sachs
    thomas tinel tourette trendelenburg trousseau turner virchow von-willebrand wegener wells
    wernicke whipple wilms wilson wolff-parkinson-white
    """
)
"""Names of people that stand for a disease, sign, score or device when such a word follows."""

EPONYM_NOUNS: Final = re.compile(
    r"(?:'s)?[ \t]+(?:disease|syndrome|sign|test|score|scale|reflex|criteria|phenomenon|lymphoma|"
    r"palsy|"
    r"thyroiditis|chorea|contracture|fracture|catheter|esophagus|oesophagus|tumou?r|sarcoma|cyst|"
    r"heart|"
    r"classification|index|nodes?|monitor|point|ulcer|triad|maneuver|manoeuvre|risk|"
    r"formula|equation|position|gait|bod(?:y|ies)|dementia|arteritis|granulomatosis|anomaly|deformity|"
    r"study|stage|grade|grading|coma|depression|inventory|questionnaire|tremor|encephalopathy|aphasia|"
    r"area|diverticulum|dystrophy|disorder|psychosis|procedure|operation|incision|clamp|forceps|stain|"
    r"lesion|repair|arthropathy|muscular|performance)\b",
    re.IGNORECASE,
)

_DRUG_ENDINGS: Final = words(
    """
    pril sartan olol alol statin mab tinib ciclib azole cillin mycin micin floxacin gliptin
    gliflozin glutide parin xaban gatran prazole triptan oxetine azepam azolam phylline ovir
    avir buvir tegravir cept dipine thiazide semide lukast setron sone solone caine barbital
    cycline dronate fibrate glitazone afil zosin tidine profen coxib triptyline ipramine idone
    apine piprazole grel trexate platin taxel rubicin zumab ximab limus thyroxine formin
    glinide terol tropium sulin amycin penem oxacin bactam vudine citabine lamide mustine
    zepam codone morphone orphan pressin amide amine azine idine etine zide olone onide asone
    """
)
_CONDITION_ENDINGS: Final = words(
    """
    itis osis emia aemia pathy ectomy plasty scopy algia uria ology ologist ologic plegia
    paresis trophy penia rrhea rrhoea stomy otomy graphy gram therapy iatric iatrics iatry
    phobia phasia megaly sclerosis carcinoma lymphoma sarcoma blastoma melanoma dysplasia
    philia cardia tension oedema edema thyroid thyroidism ation ations tions ssion ness ment
    ments ality ological ectomies ously ically
    """
)
LOWER_STOP: Final = NEVER_NAMES | _COMMON


_ENDINGS: Final = (*_DRUG_ENDINGS, *_CONDITION_ENDINGS)


def is_word(word: str) -> bool:
    """Say whether `word` is an everyday, clinical or drug word rather than a name."""
    low = word.lower().rstrip(".").removesuffix("'s")
    return low in NEVER_NAMES or low in _COMMON or low in DRUGS or _ends_like_one(low)


def _ends_like_one(low: str) -> bool:
    """Say whether a word has two letters or more, and then an ending of drugs or of conditions."""
    endings = low[2:].endswith(_ENDINGS)
    return endings and low.isascii() and low.isalpha()
