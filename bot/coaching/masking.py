"""Names of other people in evidence: "[name]" stands for them. Pure.

Told by a title (Mrs Smith), by what is said about a person (a customer called Priya) or by a common first name with a
capital letter. A name in small letters without a title and a rare one are not told; a word that is a name as well
(Mark, Grace) is left.
"""

from __future__ import annotations

import re

MASK = "[name]"
_FIRST = """
aaron abdul abdullah abigail adam adele adrian agnieszka ahmed aisha alan albert alex alexander alexandra alfie ali
alice alicia alison amanda amber amelia amina amir amy ana andrea andrew andy angela anita anna anne annie anthony
antonio arjun arthur asha ashley aslam barbara beatrice becky ben benjamin bernard beth bethany betty brenda brian
bridget callum cameron carl carol caroline catherine charles charlie charlotte chidi chloe chris christine christopher
claire clare colin connor craig daisy daniel danny darren dave david dawn dean debbie deborah denise dennis derek
diana diane dominic donna doreen dorothy duncan dylan edward eileen elaine eleanor elif elizabeth ella ellen ellie
emily emma eric erin ethan eva evan eve evelyn fatima fatma fiona frances francis fred freddie gail gareth gary gavin
gemma geoff george georgia gerald gillian gordon graham greg gwen hamza hannah harold harriet harry hasan hassan hazel
heather helen henry hilary howard hugh ian ibrahim imran irene isaac isabel isabella isla ismail ivan jackie jacob
jacqueline jade jake james jamie jan jane janet janice jasmine jason javid jayden jean jeff jenna jennifer jenny
jeremy jess jessica jill jim jimmy joan joanna joanne joe joel john johnny jon jonathan jordan jose joseph josh joshua
joyce juan judith judy julia julian julie june karen karl kate katherine kathleen kathryn katie kayleigh keith kelly
ken kenneth kerry kevin khadija khalid kieran kim kirsty krystyna kyle laura lauren leah leanne lee lena leon leonard
lesley lewis liam lillian linda lindsay lisa liz lorraine louis louise lucas lucy luke lynn lynne maciej maggie
mahmoud malcolm malik mandy manuel margaret maria marie marion martha martin martyn mary maryam matthew maureen megan
melanie melissa michael michelle miguel mike mohamed mohammad mohammed molly monica morgan muhammad mustafa nadia
nancy naomi natalie natasha nathan neil nicholas nicola nicole nigel nikita noah nora norma norman nour oliver olivia
omar oscar osman owen pamela patricia patrick paul paula pauline peter phil philip phoebe piotr poppy priya rachel raj
rajesh ralph ravi raymond rebecca rhys richard rita robert roberta robin roger ronald rosa rosie ross roy russell ruth
ryan sabrina sadia sally sam samantha samir samuel sandra sanjay sara sarah scott sean sharon shaun sheila shirley
simon simone sofia sophia sophie stacey stan stanley stella stephanie stephen steve steven stuart susan suzanne sylvia
tamara tanya tariq teresa terry theo theresa thomas tim timothy tina toby tom tomasz tommy tony tracey tracy trevor
valerie vanessa vera veronica vicky victoria vikram vincent violet wayne wendy william yasmin yusuf yvonne zainab zara
zoe zofia
"""
FIRST = frozenset(_FIRST.split())
_BRANDS = """
harvey nichols, jack wills, james villas, john lewis, kelly hoppen, laura ashley, lewis partnership, mary berry, mr
kipling, mr muscle, oliver bonas, oscar mayer, owen owen, paul smith, phoebe philo, robert dyas, russell hobbs, ryan
air, sally beauty, stella artois, ted baker, thomas cook, victoria line, victoria sponge, victoria station, william
hill, zara home
"""
NOT_PEOPLE = tuple(" ".join(brand.split()) for brand in _BRANDS.split(","))
NAME = r"[A-Z][\w'’-]*[\w](?:\s+[A-Z][\w'’-]+)?"
TITLED = re.compile(
    r"\b(?P<before>(?i:mrs?|ms|mx)\.?\s+(?!(?i:word|excel|office|teams|outlook)\b)|(?:Miss|Dr|Prof|Professor)\.?\s+(?=[A-Z]))"
    r"(?P<name>\w[\w'’-]*(?:\s+[A-Z][\w'’-]+)?)"
)
PEOPLE = "customer|client|guest|patient|lady|man|woman|gentleman|guy|girl|boy|person|somebody|someone|colleague|friend"
SAID = re.compile(
    rf"(?P<before>\b(?:{PEOPLE}|manager|supervisor|boss)s?,?\s+(?:was\s+|is\s+)?(?:called|named)\s+"
    rf"|\b(?:his|her|their|whose)\s+name\s+(?:is|was)\s+)(?P<name>{NAME})"
)
ALONE = re.compile(rf"(?P<before>)\b(?P<name>{NAME})")


def masked(text: str, known: str = "") -> str:
    """`text` with MASK for each person's name; the words of `known`, the own workplace's name, are left."""
    for pattern in (TITLED, SAID):
        text = pattern.sub(lambda found: _mask(found, known, sure=True), text)
    return ALONE.sub(lambda found: _mask(found, known, sure=False), text)


def _mask(found: re.Match[str], known: str, sure: bool) -> str:
    name = found["name"]
    own = re.sub(r"['’]s$", "", name)
    whole = found[0].lower()
    if any(own.lower().startswith(brand) or whole.startswith(brand) for brand in NOT_PEOPLE):
        return found[0]
    if known and own.lower() in known.lower():
        return found[0]
    if not sure and re.sub(r"['’]s$", "", own.split()[0]).lower() not in FIRST:
        return found[0]
    return f"{found['before']}{MASK}{name[len(own) :]}"
