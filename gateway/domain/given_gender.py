"""Which gender a common given name is of, where it is of one: evidence for "Mrs Thornton".

Written down for this program from common knowledge; no register or list of others was copied. Names
that women and men bear, in one language or in two (Andrea, Jean, Robin, Sasha), are left out.
Folded: small letters, no accents.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FEMALE: Final = _words(
    """
    abigail adele adriana agnes agnieszka aisha alejandra alexandra alice alicia alina amalia
    amanda amelia amina amy ana anastasia angela angelica angelika angeles anita anja anke ann anna
    anne annette annika antonia astrid aurora aylin ayse barbara beate beatrice beatriz bernadette
    bettina birgit brigitte bridget camila camille carina carla carlotta carmen carolina caroline
    catalina catherine cecile cecilia celine chantal charlotte chiara christa christiane christina
    christine clara claire claudia colette concepcion consuelo cornelia cristina dagmar daniela
    deborah delphine denise diana dolores dominika dora doris dorothea edith elaine eleanor elena
    elfriede elif elisabeth elizabeth elise elke ella ellen elodie eloise elsa emilia emily emine
    emma erika esperanza estelle esther eugenia eva evelyn fabienne fatima fatma felicia florence
    frances francesca franziska frieda gabriela gabriele genevieve georgia gerda gertrud gertrude
    gillian gisela giulia gloria greta guadalupe gudrun hanna hannah hatice heather heidi heike
    helen helena helene helga henrietta hildegard ida ilse ines inga inge ingeborg ingrid irene
    irina iris irma irmgard isabel isabella isabelle jana jane janet janine jasmin jeanne jennifer
    jessica joanna johanna josefina josephine juana judith julia juliana julie juliette jutta karen
    karin karla katarina katharina katherine kathleen katja katrin katrina khadija kirsten klara
    laura lea leila lena leonie leticia lieselotte lina linda lisa lotte louise lucia lucie lucy
    luisa lydia magdalena maite malgorzata manuela marcela margaret margarita margarete margot
    margret margrit maria mariana marianne marie mariam marina marisol marlene marta martha martina
    mary maryam matilda mathilde maureen melanie melissa mercedes meryem mia michaela michelle
    miriam moira molly monica monika monique montserrat nadia nadine nancy natalia natalie natasha
    nathalie nicola nicole nina noemi nora norma odile olga olivia ottilie pamela patricia paula
    pauline penelope petra philippa phyllis pilar priscilla rachel ramona raquel rebecca regina
    renate rita roberta rocio rosa rosalia rosalind rosario rosemarie rosemary roswitha ruth sabine
    samantha sandra sara sarah selma sheila shirley sibylle sigrid silke silvia simone sofia sonia
    sonja sophia sophie stefanie stella stephanie susan susana susanna susanne suzanne svenja sybil
    sylvia sylvie tamara tanja tatiana teresa theresa therese ulrike ursula uta ute valentina
    valerie vanessa vera veronica veronika veronique victoria viola virginia virginie viviane
    waltraud wendy wilhelmina xiaoli ximena yasmin yolanda yvette yvonne zeynep zoe
    """
)

MALE: Final = _words(
    """
    aaron abdul abdullah abraham achim adam adolfo adrian ahmed ahmet alain alan albert alberto
    albrecht aleksander alejandro alessandro alexander alexandre alfonso alfred alfredo ali alvaro
    andreas andres andrew angus antoine anton antonio antony arash armando arnold arthur arturo
    august axel baptiste bartholomew bastien benedikt benjamin bernard bernd bernhard bertrand
    bill bjorn boris bradley brian bruno burkhard carl carlos cedric cesar charles christian
    christoph christophe christopher claude clemens colin cristian cyril damien daniel david
    detlef detlev diego dieter dietmar dietrich dimitri dirk dmitri dominik donald douglas duncan
    eberhard eduardo edward edgar edmund edwin egon emil emilio emmanuel emre enrico enrique eric
    erich erik ernest ernesto ernst erwin esteban etienne eugen eugene fabian fabio federico felipe
    felix ferdinand fernando florian francesco francisco francois frank franz frederic frederick
    friedrich fritz gabriel geoffrey georg george georges gerald gerard gerhard gernot gilbert
    giles giovanni giuseppe gonzalo gordon graham gregor gregory guido guillaume guillermo gunter
    gunther gustav gustavo hakan hamid hans harald harold harry hartmut hasan hassan hector heiko
    heiner heinrich heinz helmut henri henry herbert hermann holger horst howard hubert hugh hugo
    humberto huseyin ibrahim ignacio igor ingo isaac ismail ivan jack jacob jacques jaime jakob
    james jan javier jens jeremy jerome jesus joachim jochen joel johann johannes john jonas
    jonathan jordi jorg jorge jose josef joseph joshua juan jules julian julien julio jurgen kai
    karl karlheinz keith kemal kenneth kevin klaus konrad konstantin kurt lars laurent lawrence
    leonard leonardo leopold lorenzo lothar louis luc lucas ludwig luigi luis lukas lutz malcolm
    manfred manuel marc marcel marco marcos marcus mario mark markus martin mateo mathias mathieu
    matteo matthew matthias maurice mauricio maximilian mehmet michael michel miguel mohamed
    mohammad mohammed moritz muhammad murat mustafa nathan neil nicholas nicolas niklas nikolai
    nils norbert norman olaf oliver olivier omar oscar oskar osman otto pablo pascal patrick paul
    pedro peer percy peter philip philipp philippe pierre pietro rafael rainer ralf ralph ramon
    raul raymond reinhard reinhold ricardo richard robert roberto rodrigo roger roland rolf roman
    ronald ruben rudiger rudolf rupert russell salvador samuel santiago sebastian serge sergei
    sergio siegfried sigmund simon stanley stefan stefano stephan stephen steven stewart sven
    tariq theodor theodore thibault thierry thomas thorsten tilman timothy tobias tomas torsten
    uwe valentin vicente victor viktor vincent vincenzo vladimir volker walter werner wilfried
    wilhelm william winfried wolf wolfgang xavier yannick yusuf yves
    """
)
