"""Given names that are hardly ever anything else, found wherever they stand with a capital.

A tagger reads the sentence around a name, and where there is none ("Sibs: Amare 4", "Übergabe an
Ffion") it may see nothing. Written down for this program from common knowledge; no register or list
of others was copied. Rule: no name here is a word of the five languages, a town, a drug, a maker or
somebody whom a disease, a sign or a device is called after; what stands around it is asked as well.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.rules import Rule, Rules
from gateway.domain.entities import PERSON
from gateway.domain.person_names import fold

_NAMES: Final = """
    abeba abena abigail achieng adaeze adaora adebayo adelheid adenike adwoa aenne agathe agnieszka
    ahmad ahmed aidan aiden ailsa ainhoa aisha aishwarya akinyi akosua alasdair albrecht alejandra
    alejandro aleksandra alessandra alessandro alhassan alisha alistair alois alyssa amara amarachi
    amare aminata amir ananya andreea andrzej aneta anett anette aniela anika anita anja anjali anke
    annabelle annalena annegret anneke anneliese annelore annemarie annett annette annika anouk
    anselm ansgar anthea antje antoinette antonella anusha anzhelika aoife arash archibald arjun
    arkadiusz armando arne arnulf arturo arvid aryan asha ashok ashwin asif asiya astrid asuka
    atakan atanas auguste aurelie aurelio ayaan ayaka aydan ayelet ayesha aylin ayodele ayse aysel
    azadeh azlan azra babajide babatunde baerbel barbel bartosz bashir batya beate beatrix beatriz
    behrouz benedikt benjamin bernadette bernd bernhard bettina bhavna bilal birgit birgitta birte
    birthe bjarne bjorn blanka bogdan bogumil boguslaw bopha boris bozena branislav branka brigid
    brigitta brigitte bronagh bronwen brunhilde bryony bukola burak burkhard cagla cahit caitlin
    caleb callum camila caoimhe carlotta carmela carolin caroline carsten catalina cathal catharina
    catherine cathleen catriona cecile cecilia celal cemil cengiz charlotte cheikh chiamaka chiara
    chidi chidinma chijioke chinedu chinonso chinwe christel christiane christoph christophe
    christopher chukwudi chukwuemeka ciara ciaran cigdem cillian clarissa claudine clemence
    clementine colette concepcion corinna cornelius cosima cosmin costel cristiano cristina
    cuauhtemoc czeslaw dafydd dagmar dagny damaris danuta daphne dariusz darragh davide davor
    deborah declan deepa deepak deepika defne deirdre dejan delphine denisa deniz detlef detlev
    devika dhruv didier diego dieter dietlinde dietmar dietrich dijana dilara dimitri dimitrios
    dimitris dineke diyar djamila dmitri dolly dominika dominique donatella donncha dorcas doreen
    doris dorota dorothea dorothee dorothy dortje dragan dragana dragos dumitru dusan dusanka dwayne
    ebenezer eberhard ebru eckart eckhard edda edeltraud edeltraut edeltrud eduard edyta efua egon
    eileen eilidh eimear ekaterina ekkehard ekow eleftheria eleni elfriede elias elif elina
    elisabetta elisha elizabeth elke elodie eloise elsbeth elzbieta emeka emilija emine emir
    emmanuelle emre endre enes engelbert enrico enrique enver eoghan eoin erdogan erhan erika erkan
    erkki ernestine ernesto esmeralda esra estefania esther etienne etsuko eugenia eulalia eunice
    eunji evangelia evangelos evgenia ewa ewelina eyal ezekiel ezgi fabian fabienne fabio fabrizio
    fadi fadumo faisal falko farah farid farida fariha farouk fatemeh fatih fatima fatma fatmir
    fatou fatoumata federico fehmi felicitas felipe ferdinand ferdinando ferhat fernanda fernando
    feyza ffion fidelis fikret filip filippo filiz filomena finola fionnuala firat florentina
    florian florin folake folasade francesca francesco francisca franka franziska frauke frederic
    frederik frederique frida frieda friedel friederike friedhelm friedrich fritz fumiko gabriela
    gabriele gaetano galina gaurav gautam geetha genevieve geoffroy georgina georgios geraldine
    gerda gerhard gerhild gerlinde germaine gernot gerold gerrit gertraud gertrud gertrude gesa
    gesine ghislaine giacomo giancarlo gianluca gianna giedre gintaras giorgos giovanna giovanni
    gisela giselle gitta giulia giuliana giuseppe gizem gocha goran gosia gotthard gottlieb govinda
    grainne grazyna gretchen grete gretel gretl grzegorz gudrun guenther guido guillaume guillermo
    gulnara gulsen gundula gunnar gunter gunther gurpreet gustaf gustavo gwendolen gwendolyn hadiza
    hafize hailemariam hakan halil halima halina hamid hamza hannelore hannes hansjorg hansjurgen
    hariharan harish harpreet hartmut hartwig haruka haruto hasan hatice hauwa havva heba hedda
    hedwig heidemarie heidrun heike heiko heiner heinrich heinz helga hellmut helmut helmuth heloise
    hendrik hendrikje hennes henni henning henrike henryk hermann hermine hermione hernando herta
    hertha hikmet hildburg hilde hildegard hildegund hiltrud hinrich hiroko hiroshi hodan holger
    horst hossein howayda hrishikesh hrvoje hubertus hueseyin huguette hulya humberto huong huseyin
    hussein hyacinth hyejin ibrahim ifeanyi ifeoma ignacio ignatius ignatz igor ikechukwu ikram
    ilham ilie ilka ilker ilona ilse imelda imke imogen imran ines inga inge ingeborg ingmar ingo
    ingrid inigo insa ioan ioana ioannis ionela iqbal irena irene irina irmgard irmtraud irmtraut
    isabell isabella isabelle ishaan ismael ismail ismet isolde istvan itziar ivana ivanka ivo
    ivonne iwona izabela jacek jacqueline jadwiga jagdish jagoda jakub jamila janek janina janne
    jannik jannis janusz jarek jarmila jaroslav jaroslaw jasmeet jasmina javier jawad jeannette
    jelena jelle jens jeremias jerzy jesper jhumpa jihane jiri jiwoo joachim joanna joaquin jocelyn
    jochen joelle joerg johan johann johanna johannes jolanta jonathan jonte jorg jorge joscha
    joseba josefa josefine josephine jovan jovana juana juanita juergen juliane julianna juliette
    jurgen jurij justyna jutta jytte kaan kacper kadriye kaja kalle kamala karel karim karima karin
    karlheinz karolina karoline karsten kasia kasimir katalin katarina katarzyna katerina kateryna
    katharina katharine kathleen kathrin katja katrin kaveh kavita kayode kazim kazimierz kazuko
    keiko keisha kemal kenan kenji kerstin ketut khadija khaled khalid khalil kilian kimberly
    kipchoge kiran kirsten kirsti klara klaudia klaus klemens klothilde knut kofi konrad konstantin
    konstantinos korbinian kordula kornelia kouassi krishna kristian kristiane kristina kristine
    kristof krisztina krystyna krzysztof kseniya kubra kudzai kunal kunigunde kwabena kwadwo kwaku
    kwame kyriaki lachlan ladislaus lakshmi lale lamine lars latasha latifa latisha laurin lavinia
    leandro leentje leif leila lejla leni lenka lennart leonardo leonhard leonie leonore leszek
    leticia levent liane lidia lieke liesbeth lieselotte lieven liliana lilianna lilli lindiwe
    lisbeth liselotte liv ljiljana ljubica loic lorenzo loretta lothar louisa lubomir luca lucasz
    lucia luciana luciano lucie ludek ludger ludmila ludwig luigi luisa luise lukas lukasz lutz luuk
    lydia lyudmila maarten maciej maciek maeve magdalena magdalene mahmoud mahmud maike mairead maja
    makeda maksim malaika malgorzata malgosia malik malte mamadou mandeep mandy manfred manisha
    manjeet manolis manuela marcel marcela marcelina marcelo marcin marco mareen mareike marek maren
    margarete margarethe margarita margit margot margret margrit mariam mariama marian mariana
    marianne maribel marieke marielle marijke marika marilena marion marisa marit mariusz marjan
    marjeta marjorie marketa marko marlene marlies marlis marta martina marwa maryam maryna marzena
    matej mateja mateo mateusz matheus mathieu mathilda mathilde matilde matthias matthis mauricio
    maximilian mechthild meera megumi mehdi mehmed mehmet mehwish meike meinhard meinolf melek
    melike meltem memet meret merete merima merle mert meryem meseret mette michaela michail michal
    michela mieczyslaw mieke miguel mihaela mihai mikael mikhail mikolaj milena milica milos
    miloslav minjun mirco mireille mirela mirella miriam mirjam mirjana mirko miroslav miroslaw
    mirza mladen modupe mohamad mohamed mohammad mohammed mohit moira monika monique moritz moshe
    mostafa mourad muhammad muhammed muna munira mustafa mwangi mykola myriam nadezhda nadine nadja
    naima najib naledi nanami nandini naoko naomi narges naser nasrin natalia natalija natalja
    natascha natasha nathalie nattapong nazli neele neha nenad nesrin nevena ngozi nguyet niamh
    nicholas nico nicolai nicolas nicole nicoletta nicolo niels nikita niklas niko nikola nikolai
    nikolaos nikolaus nikos nilgun nils nima njeri nkechi nnamdi noemi nomvula norbert noura nuala
    nuno nuray nurcan nurhan nuria nurul obinna octavia odile oeznur okan oksana oleg oleh oleksandr
    olena olga oliwia olufemi olumide oluwaseun ondrej onur orhan orsolya ortrud osama oskar osman
    oswald othmar otilia otmar ottilie ousmane ozan ozgur ozlem paco padraig pankaj paolo parisa
    parvati pascale patricia patrizia patryk paulina pauline pavel pawel pedro pelin pelle perihan
    pernille pessi petar petra petros petya philippa philippe philomena phuong pierre pilvi piotr
    pippa pirkko piroska pooja pradeep prakash pranav prasad preethi prisca priscilla priya priyanka
    przemyslaw purnima radka radmila radoslaw radovan rafaela rafal raffaele rafiq raghav ragnhild
    rahel rahul raimund rainer rajesh rajiv rakesh ramazan ramona raphaela raquel rasheed rasmus
    ravinder raymonde regine reinhard reinhardt reinhild reinhilde reinhold reinier remzi renata
    renate renske resi reyhan rezan rhiannon ricarda riccardo rifat riitta rizky roberto rocio
    rodica rodrigo rohan rohit roisin roksana rolf romain ronan ronja ronny rosalie rosalinde
    rosamund rosaria rosella rosemarie rosina roswitha roza rudiger rudolf rufina rukhsana ruprecht
    ruslan rutendo ruzica ryszard saad saanvi saban sabina sabine sabri sabrina sadegh sadia sadiye
    safiya saira sakina salim salma salome salvatore samantha samina samir samira samuel sandeep
    sandhya sandra sandro sanela sanja sanjay saoirse sasa sascha saskia satoshi saurabh sayed
    sebastian sedat sefa selcuk selim selina selma semra senad senay seoyeon serap serdar sergei
    sergio serhat serkan sevda sevgi seyma sezen shabana shahid shamim shanice shaniqua sharmila
    shauna sheryl shirin shivani shreya shreyas siavash sibel sibusiso sibylle siegbert siegfried
    sieglinde siegmar siegrid siegrun sigmund sigrid silke silvana silvia simone sinan sinead
    siobhan sjoerd slawomir slobodan snezana sofie sokha solveig somchai songul sonja soojin
    sopheap soraya sorcha soren srdan srinivas stanislav stanislaw stavros stefan stefania
    stefanie steffen steffi stelios stephane stephanie stijn sudha sudhir sujata suleiman suleyman
    sumit sunita sunniva suresh susann susanna susanne sushila suzanne svantje svea sven svenja
    svetlana svitlana swantje swetlana sybille sylvia sylvie sylwia szymon taavi tabea tadeusz tadhg
    tahir taisia takashi talib tamara tamas tanisha tanja tanvi tapio tarek tariq tarkan tassilo
    tatiana tatjana tayfun temitope tendai teodora teresa teresia tesfaye thaddeus thandiwe thanh
    theodor theodora theres theresa therese theresia thijs thorben thorsten thuy tigist tihomir
    tilman tilo timea timo timothee timur tinashe tjark tobiah tobias tomas tomasz tomislav torben
    tordis torsten torvald traudel traudl trine trudi tsegaye tuan tugba tuncay tunde turgut turkan
    udo ulf ulla ulrich ulrika ulrike umberto umut ursel ursina ursula urszula uschi usha ute uwe
    vaclav valentina valentyna valeria valerie vanessa vasile vasiliki vasilis vasyl vedat veronika
    veronique vesna veysel vigdis vijay vikas vikram viktor viktoria vilma vincenz vincenzo vinod
    violeta violetta viorel vishal vivek vivienne vjosa vladimir vlado volker volkmar vreni vroni
    wafula wahid walburga waldemar waldtraut walid walther waltraud waltraut wambui wangari wanjiru
    wayan wencke wendelin wiebke wieslaw wieslawa wietske wiktoria wilfried wilhelm wilhelmina
    wilhelmine wilma wladyslaw wlodzimierz wojciech wolfgang wolfhard wubke xaver xenia xiomara
    xochitl yaa yael yahya yakup yana yannick yannis yara yasemin yasin yasir yesenia yesim yetunde
    yevgenia yildiz ylva yolanda yosef yoshiko yossi youssef yuki yuliya yunus yusuf yvette yvonne
    zachary zafer zahide zahra zainab zaneta zbigniew zdenka zehra zeinab zeki zelda zeliha zenobia
    zerrin zeynep zhanna ziad zofia zoltan zorica zsofia zsolt zsuzsanna zubair zuri zuzana zygmunt
    """
FIRST_NAMES: Final = frozenset(_NAMES.split())
"""Folded: small letters, no accents."""

_BEFORE: Final = re.compile(
    r"(?:(?<![^\W_])(?:St|Ste|Sta|Sankt|Saint|Sainte|San|Santa|Santo|Morbus|Typ|Haus|Villa|Kloster|Schloss"
    r"|Klinik|Klinikum|Hotel|Hurrikan|Hurricane|Storm|Orkan|Hôpital|Clínica)\.?[ ]"
    r"|[\w.@/\\-]|['\u2019](?<!\b[dl]['\u2019])(?<!\bqu['\u2019]))\Z"
)
"""A saint's or a house's, and a part of a longer word, an address or a path; "d'Eddy" is none."""
_AFTER: Final = re.compile(
    r"[\w@\\®™]|-[^\W\d_]|\.[^\W\d_]|['\u2019]?s?[ ](?:disease|syndrome?|sign|test|scor[eé]|scale|operation|"
    r"procedure|classification|bod(?:y|ies)|reflex|criteria|zeichen|krankheit|klassifikation|schema|naht|methode|"
    r"maladie|enfermedad|signo|prueba)(?!\w)|[ ]?[0-9]{1,4}(?:[.,][0-9])?(?:[ ]?(?:mg|µg|mcg|g|ml|IE|IU)\b|[ ][0-9½]-[0-9½]-)",
    re.IGNORECASE,
)
"""The rest of a longer word, what is called after somebody, and a dose."""
_CAPITALISED: Final = re.compile(
    r"(?=[^\W\d_])[^\Wa-zß-öø-ÿ\d_][^\W\d_A-Z]{1,16}(?:-[^\Wa-zß-öø-ÿ\d_][^\W\d_A-Z]{1,16})?(?!\w)"
)


def is_first_name(word: str) -> bool:
    """Say whether `word`, or each half of it, is a given name and hardly anything else."""
    folded = fold(word)
    return folded in FIRST_NAMES or (
        "-" in word and all(fold(part) in FIRST_NAMES for part in word.split("-"))
    )


def _names(text: str) -> Iterator[int]:
    """Yield where the names begin."""
    for word in _CAPITALISED.finditer(text):
        if is_first_name(word[0]):
            yield word.start()


def _stands_alone(match: re.Match[str]) -> bool:
    text, (start, end) = match.string, match.span()
    if not is_first_name(match[0]):
        return False
    before = _BEFORE.search(text, max(0, start - 12), start)
    return before is None and _AFTER.match(text, end) is None


RULES: Final[Rules] = (Rule("name.given", PERSON, _CAPITALISED, 0.5, _stands_alone, begins=_names),)
