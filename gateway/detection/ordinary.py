"""Names that are words, too: sought in company or behind a title only, never alone.

"Ward", "Stone", "Burns" and "Herz" are people, but in a clinical text they mostly are not. Written
down for this program from common knowledge, for the five languages of the detection.
"""

from __future__ import annotations

from typing import Final

from gateway.detection.vocabulary import is_word
from gateway.domain.person_names import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split())


_NAMES: Final = _words(
    """
    abend adler alegria alma amor angel angeles april arm art arzt august autumn ball banks
    bar basil baum bean becken bein bell belle benign berg best bill birch bird bishop biss
    black blanc blanca blanco bloom bock boden bohne bois bond born boucher boy branch brand
    braun bravo bridge bright brooks brown bruder brun brust bud burns bush butcher calm calvo
    campos canal cannon cardenas carne case cash castle chance charity chase christmas church
    clay cliff coast collier conception constant cook corona corps cotton crook cross cuesta
    cure dale dawn day dean destiny diamond dick dolores dore douleur drew droit duke earl
    east easter eden ehre eich eisen emery engel ernst eve faith falk fall farmer fein feld
    fell fels fern field finger fink flower foot ford forest fortune fox france franco frank
    frei freitag freund fried frost fuchs fuente funk fuß gale gallo gamble gans garden
    garland gene gesund gesundheit gill glass glover gold good grace grand grant grau graves
    gray green grey gris gros gross grün guerra hahn hale hall hals halter hand handy hard
    hardy harp hart haut hawk head heart heath heine held herbst hernia hero herz herzog hill
    hirsch hirt hoch hof holly holm holz homme honey hood hope horn huff hunt hunter iglesia
    iris ivy jack jade jager jasmine jean jeune joy jugo juli june jung junker kalt kammer
    kern kind king kirk klein knee knie knight knochen koch kohl konig kopf kraft krank krebs
    kreuz krieg kummer kunst kurz lake lamb lance land lane lang lark law lead leal leber lee
    leid leon licht lieb lily little lobo locke long loss love lover low luna lunge lustig lux
    luz madrid magen mai major malady mann manzano marin marine mark mars marsh may mayo mead
    media melody mercy merry mesa miel miles mill mills mineral monk montag moon moor moral
    morgen mott mound mundo muro mutter nacht neck neu nieves noble norm north oak olive olmo
    opal orange otter otto page paige paix palacio palma para pardo park parte partida paso
    pat patience paz peace pearl pena penny pepper petit piers pilar pinch pino piper plaza
    pole poole pope post powers prado price pride prince prinz prior puerto puls quick rabe
    rain rand ray read redden reed reich reina reis reiter rey rice rich rico ring rio ritter
    rivers roach robin rock rod rojo roman rosa rosario rose roth rouge rubio ruby rucken rusk
    russ salt salvador sand sands santo sauer savage scharf schmerz schnell schon schwarz
    schwester seco serene shade sharp shepherd short sierra sievert sky slater small smart
    snow sol solar soledad sommer sonne sonntag sorge soto sparks spring stark starr steel
    stein stern still stock stone stout street strong sturm sue summer summers swan swift tag
    tal thorn tod toro torre tripp trouble valle valley vela vera verde villa viola violet
    virgin vogel voll volt wade wall waller ward ware warm wasser waters weich weir weiss weit
    wells welt west whale white will winter wise wohl wolf wood woods worth wunder wurm yard
    young zahn zeit zimmer
    nase ohr auge lunge niere rücken bauch fuß nariz ojo oído boca mano pierna rodilla nez oreille
    bouche bras jambe genou dos
    unidad medicina médecine servicio servicios país edad sexo informe historia episodio
    ingreso ingresos fecha consulta
    urgencias planta médico nombre apellidos domicilio service pays sexe âge examen séjour dossier
    abteilung station befund diagnose anamnese therapie aufnahme entlassung alter datum
    colon coma comma komma newline paragraph parenthesis period point punkt punto virgule
    """
)


_SPECIALTIES: Final = ("ologia", "ologie", "iatria", "iatrie", "cirugia", "chirurgie", "medizin")


def is_ordinary(word: str) -> bool:
    """Say whether a name is an everyday, clinical or drug word in one of the languages, too."""
    folded = fold(word)
    return is_word(word) or folded in _NAMES or folded.endswith(_SPECIALTIES)
