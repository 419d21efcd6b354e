"""Common given names, as evidence that two capitalised words are a person.

Written for this program: no register or list of others was copied. Names that are everyday words
or months count only where the rules that use this list see a second word beside them.
"""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
    aaron abby abdul abigail abraham ada adam adele adrian ahmed aisha alan albert alejandro
    alex alexa alexander alexandra alexis alfred ali alice alicia alisha alison allison alyssa
    amanda amber amelia amina amir amit amy ana anderson andre andrea andreas andrew andy angel
    angela angelica anita ann anna anne annette annie anthony antoine antonio april ariana arjun
    arthur ashley aubrey audrey austin ava barbara barry beatrice becky ben benjamin bernard
    bernice beth bethany betty beverly bill billy blake bob bonnie brad bradley brandon brenda
    brent brett brian brianna bridget brittany brooke bruce bryan caitlin caleb calvin cameron
    camila candace carl carla carlos carmen carol caroline carolyn carrie casey catherine cathy
    cecilia chad charles charlie charlotte chen chelsea cheryl chloe chris christian christina
    christine christopher cindy claire clara clarence claudia clifford colin colleen connie
    connor corey courtney craig crystal curtis cynthia daisy dale damian dan dana daniel
    danielle danny darlene darren darryl dave david dawn dean deborah debra denise dennis derek
    diana diane diego dolores dominic don donald donna doris dorothy doug douglas duane dylan
    earl ed eddie edgar edith edna eduardo edward edwin eileen elaine eleanor elena elijah
    elizabeth ella ellen emily emma eric erica erik erin ernest esther ethan ethel eugene eva
    evan evelyn faith fatima felicia felix fernando fiona florence frances francis francisco
    frank fred frederick gabriel gabriela gail gary gavin gene geoffrey george georgia gerald
    geraldine gilbert gina gladys glen glenn gloria gordon grace greg gregory gwendolyn hannah
    harold harriet harry hassan hazel heather hector heidi helen helga henry herbert holly
    howard hugh hugo ian ibrahim ida imani ingrid irene iris isaac isabel isabella isaiah ivan
    jack jackie jackson jacob jacqueline jaime jake jamal james jamie jan jane janet janice
    jared jasmine jason javier jay jean jeff jeffrey jenna jennifer jenny jeremiah jeremy jerome
    jerry jesse jessica jill jim jimmy joan joann joanna joanne joe joel johanna john johnny jon
    jonas jonathan jordan jorge jose joseph josephine joshua joyce juan juanita judith judy
    julia julian julie june justin kai karen karl karla katherine kathleen kathryn kathy katie
    kayla keith kelly ken kendra kenneth kevin kim kimberly kofi kristen kristin kristina kyle
    larry latoya laura lauren laurie lawrence leah lee leo leon leonard leroy leslie lena lewis
    liam lillian linda lindsay lisa lloyd logan lois lori lorraine louis louise lucas lucia
    lucille lucy luis luke luz lydia lynn mabel madison malik mandy manuel marc marcia marco
    marcus margaret maria mariam marie marilyn mario marion marjorie mark marlene marsha martha
    martin marvin mary mason matteo matthew maureen maurice max maya megan mei melanie melinda
    melissa melvin mercedes meredith mia micah michael michele michelle miguel mike mildred
    milton ming minnie miriam misty mitchell mohamed mohammed molly monica morgan moses muhammad
    myra nadia nancy naomi natalia natalie natasha nathan nathaniel neil nelson nicholas nicole
    nina noah noel nora norma norman oliver olga olivia omar oscar owen pamela patricia patrick
    patty paul paula pauline pedro peggy penny peter philip phillip phoebe phyllis priya rachel
    rafael rajesh ralph ramon randall randy raul ravi ray raymond rebecca regina renee rhonda
    ricardo richard rick ricky rita robert roberta roberto robin rodney roger roland ron ronald
    ronnie rosa rosalind rosemary roy ruben ruby russell ruth ryan sabrina sadie sally sam
    samantha samir samuel sandra sandy sanjay santiago sara sarah scott sean sebastian sergio
    seth shane shannon sharon shawn sheila shelby shelly sherry shirley sierra silvia simon
    sofia sonia sophia sophie stacy stanley stefan stella stephanie stephen steve steven stuart
    sue susan suzanne sylvia tamara tammy tanya tara tatiana ted terrance terri terry thelma
    theodore theresa thomas tiffany tim timothy tina todd tom tomas tommy toni tony tonya tracy
    travis trevor troy tyler tyrone valerie vanessa vera vernon veronica vicki victor victoria
    vincent viola violet virginia vivian wade walter wanda warren wayne wei wendy wesley whitney
    wilma william willie winston xavier yolanda yusuf yvette yvonne zachary zoe zoey
"""
GIVEN_NAMES: Final = frozenset(_NAMES.split())
