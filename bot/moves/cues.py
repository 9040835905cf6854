"""Wordings that say something about what a sentence does. Cues only: the fitted head weighs them, none decides alone."""

# ruff: noqa: E501 - a pattern reads better in one piece

from __future__ import annotations

import re

from bot.moves.wording import SIGNATURE

_WHEN = (
    r"(?:<time>|today|tonight|tomorrow|now|right away|straight away|straightaway|immediately|this (?:morning|afternoon|evening|minute|week)|"
    r"first thing|within|by (?:the end|close|end|noon|lunch|monday|tuesday|wednesday|thursday|friday|saturday|sunday|<)|"
    r"in (?:<number>|an|a|two|five|ten|half) ?(?:few )?(?:minutes?|hours?|days?|secs?)|as soon as|before (?:<time>|i|the|noon|lunch|five|six)|"
    r"on (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))"
)
_DEED = r"(?:call|ring|phone|text|email|send|post|bring|drop|fix|get|have|do|check|order|print|process|refund|issue|book|speak|write|update|replace|put|come|be|chase|let)"
_ROLE = (
    r"(?:manager|supervisor|boss|team|department|dept|colleague|specialist|engineer|technician|head office|head of|officer|director|"
    r"doctor|gp|nurse|pharmacist|council|bank|ombudsman|landlord|manufacturer|accounts|billing|finance|hr|helpline|someone|agent|desk|line)"
)
_OTHERS = (
    r"(?:courier|driver|supplier|warehouse|kitchen|chef|head office|management|accounts|sales|it department|doctor|hospital|"
    r"council|bank|landlord|manufacturer|contractors?|cleaners?|agency|colleague|trainee|temp|new (?:girl|guy|lad)|shift|staff|they|he|she|somebody)"
)

CUES: dict[str, str] = {
    "question": r"\?",
    "exclaims": r"!",
    "asks_at_start": r"^(?:and |so |ok |okay |right |please )*(?:can|could|may|would|will|do|does|did|is|are|was|were|have|has|any|what|when|where|which|who|how|why|whose)\b",
    "what_at_start": r"^(?:and |so |ok )*(?:what|when|where|which|who|how|why)(?:'s|s)?\b",
    "may_i": r"\b(?:can|could|may|shall|should) (?:i|we)\b",
    "can_you": r"\b(?:can|could|would|will) you\b",
    "would_you_like": r"\b(?:would|do|did) you (?:like|prefer|rather|want|mind|consider|be)\b",
    "please_do": r"^(?:please|kindly|pls)\b",
    "let_me_know": r"\b(?:let (?:me|us) know|tell (?:me|us)|confirm|provide|share)\b",
    "i_need": r"\b(?:i|we)(?:'ll| will| just)? need (?:your|the|to know|a)\b",
    "whole_is_short": r"^\S+(?: \S+){0,2}$",
    "whole_is_long": r"^\S+(?: \S+){14,}",
    "two_parts": r"[,;:]| (?:but|and|so|because|though|although|however) ",
    "but": r"\b(?:but|however|though|although)\b",
    "reason": r"\b(?:because|since|as it|as you|as we|due to|cos|so that|reasons?)\b",
    "not": r"n't\b|\b(?:not|no|never|nothing|none|nobody|neither|nor|without|unable)\b",
    "cannot": r"\b(?:can't|cannot|can not|unable|not able|won't be able|couldn't|isn't possible|not possible|impossible)\b",
    "i_cannot": r"\b(?:i|we)(?:'m| am|'re| are)? (?:just |really |simply )?(?:can't|can not|unable|not able|won't|refuse|must refuse|decline)",
    "i_cannot_you": r"\b(?:i|we) (?:can't|can not|won't)(?: be able to)? \w+ (?:you|it|that|this|your|him|her)\b",
    "we_do_not": r"\bwe (?:don't|do not|only|aren't|never|haven't)\b",
    "you_cannot": r"\byou (?:can't|cannot|don't|won't|may not)\b",
    "rule": r"\b(?:policy|policies|rules?|law|legal|insurance|insured|regulations?|data protection|safety|terms|guarantee|warranty|allowed|permitted|authori\w+|authority|limit|maximum|per (?:customer|person)|eligible)\b",
    "only": r"\bonly\b",
    "no_at_start": r"^(?:no|nope|nah)\b",
    "say_no": r"\b(?:say no|answer is no|answer's no|it's a no|have to (?:refuse|decline|turn)|declined|refused|rejected|turned down)\b",
    "softener": r"\b(?:unfortunately|afraid|sadly|regrettably|sorry but)\b",
    "sorry": r"\b(?:sorry|apolog\w+)\b",
    "sorry_for": r"\b(?:sorry|apolog\w+) (?:\w+ )?(?:for|about|that (?:we|i|our|my|it)|we|i|our|my|to (?:have|keep))\b",
    "apology": r"\bapolog\w+|\b(?:so|very|really|truly|terribly|deeply|ever so) sorry\b",
    "sorry_to_hear": r"\bsorry (?:to (?:hear|learn|read)|you|that you|for your loss|that (?:this|that) happened|about your)\b",
    "sorry_but": r"\bsorry,? (?:but|i can't|we can't|we don't|no|i won't)\b",
    "sorry_what": r"^(?:i'm )?sorry,? (?:what|say|i (?:didn't|don't|missed)|can't hear|could you (?:repeat|say)|the line|pardon)",
    "feeling": r"\b(?:frustrat\w+|annoy\w+|upset\w*|disappoint\w+|worr(?:y|ied|ying)|stress\w*|angry|cross|furious|anxious|scar(?:y|ed)|frighten\w+|horrible|awful|dreadful|difficult|hard|inconvenient|maddening|nightmare|shame|pain|let down|fed up|confus\w+|concern\w*)\b",
    "must_be": r"\b(?:must (?:be|have|feel)|sounds?|can imagine|feel for you|anyone would|i'd be|i would be)\b",
    "i_understand": r"\b(?:i|we) (?:\w+ )?(?:understand|realise|appreciate|know|see|get|hear) (?:how|why|that|you|your|this|it|where)\b",
    "oh_no": r"^(?:oh|ah|aw+|ouch|gosh|goodness)\b",
    "so_you": r"^(?:so|right|ok|okay|yes|i see)?,? ?(?:so )?(?:you|your|you're|you've|it's the)\b",
    "you_said": r"\b(?:you (?:said|mentioned|told|explained|say|feel|want|need)|as you|you're (?:right|saying)|you are (?:right|saying)|if i(?:'ve| have)? (?:understand|understood|got)|you'd like to|you would like to|sounds like)\b",
    "agree": r"\b(?:you're right|you are (?:\w+ )?right|i agree|fair (?:point|enough)|good point|that's correct|shouldn't have happened|not acceptable|not good enough)\b",
    "own_fault": r"\b(?:my|our) (?:fault|mistake|error|bad|end|side|part)\b|\b(?:i|we) (?:messed|got (?:it|that|this) wrong|should(?:'ve| have)|forgot|let you down|dropped|made a mistake)|\b(?:down to|on) (?:us|me)\b",
    "i_own": r"\b(?:leave (?:it|this|that) (?:with|to) me|i'll (?:sort|fix|handle|deal|take care|look into|chase|own|see to|make)|take (?:care|responsibility|ownership|charge)|get (?:it|this|that) (?:sorted|fixed|resolved)|i'm on it)\b",
    "happy_to_help": r"\b(?:happy|glad|pleased|delighted|here) to (?:help|assist)|\b(?:can|let me) (?:\w+ )?(?:help|assist)\b",
    "what_i_can_do": r"\bwhat (?:i|we) can do\b",
    "look_up": r"\b(?:let me|i'll|i will|i'm|just|allow me)(?: just)? (?:to )?(?:check|checking|have a look|take a look|look up|looking|see|pull|find|bring|open)\b",
    "wait": r"\b(?:one moment|a moment|one sec|a sec|a minute|hold on|hang on|bear with|hold|wait)\b",
    "worry": r"\b(?:don't|do not|no need to|nothing to|not to|please don't) (?:\w+ )?(?:worry|panic|stress|be)\b|\brest assured\b|\bno worries\b",
    "not_your_fault": r"\b(?:not your fault|isn't your fault|wasn't your fault|nothing wrong|nothing you|right thing|good hands|safe hands|in hand|under control|be fine|be ok|be okay|be alright)\b",
    "working_on_it": r"\b(?:working (?:on|hard)|being (?:dealt|looked|taken)|doing (?:all|everything)|on it)\b",
    "have_done": r"\b(?:i|we)(?:'ve| have) (?:just |now |gone ahead and |already )*(?:\w+ed|sent|put|made|done|found|booked|got|spoken|taken|given|let|set)\b",
    "has_been": r"\b(?:has|have|was|were|is|are) (?:now |already |being )?(?:been |\w+ed\b)",
    "price": r"<money>",
    "number": r"<number>",
    "time": r"<time>",
    "you_will_get": r"\byou(?:'ll| will| should) (?:\w+ )?(?:get|receive|have|see|find|need|be)\b",
    "how_to": r"\b(?:click|press|go to|log in|select|tap|turn it|restart|under settings|you can find|website|app|link)\b",
    "i_will": r"\b(?:i|we)(?:'ll| will| shall)\b|\b(?:i'm|we're|i am) going to\b",
    "i_will_when": rf"\b(?:i|we)(?:'ll| will|'m| am|'re| are)\b.*\b{_WHEN}",
    "when": _WHEN,
    "i_will_do": rf"\b(?:i|we)(?:'ll| will| shall| can)(?: \w+)? {_DEED}\b",
    "instead": r"\b(?:instead|alternativ\w+|rather than|in place of|other option|another (?:option|way|one|day|time)|or (?:i|we|you) (?:can|could)|otherwise)\b",
    "offer": r"\b(?:can offer|could offer|may i suggest|how about|what about|if you (?:like|prefer|want|wish|would)|you could|we could|i could|would you like|shall (?:i|we)|we have a|there(?:'s| is) (?:a|an|another))\b",
    "different": r"\b(?:different|another|other|swap|exchange|replacement|similar|cheaper|smaller|bigger|credit note|store credit|voucher)\b",
    "exception": r"\b(?:exception|waive\w*|one.?off|one.?time|this (?:once|time|occasion)|just (?:this|for)|special case|discretion|let you off|as a courtesy|on this occasion|honou?r|extend\w*|extension|override|overlook|backdate|even though|normally|usually|strictly)\b",
    "refer": r"\b(?:transfer\w*|put(?:ting)? you through|pass(?:ed|ing)? (?:it|this|that|you|your|to|the)|escalat\w+|refer(?:red|ring)?|forward\w*|connect|hand(?:ing)? (?:you|it|this|over)|raise[d]?|contact|speak (?:to|with)|talk to|get in touch|reach out|fetch|ask for)\b",
    "refer_role": rf"\b(?:transfer|through|pass|escalat\w+|refer|forward|contact|speak|talk|ask|get|fetch|call|check|ring|see)\w*\b.{{0,30}}\b{_ROLE}\b",
    "role": rf"\b{_ROLE}\b",
    "guarantee": r"\b(?:guarante\w+|promise|swear|my word|assure|certain|100|<number>|for sure|no question|no doubt|whatever|trust me|bound to)\b",
    "never_again": r"\b(?:never|won't|not) (?:\w+ ){0,4}again\b|\bnever ever\b|\bwill never\b|\bwill always\b",
    "definitely": r"\bdefinitely\b|\bno way\b|\bno chance\b",
    "secret": r"\b(?:don't tell|between (?:us|you)|keep (?:it|this)|nobody (?:will|needs)|shouldn't (?:really )?but|not (?:supposed|meant) to)\b",
    "free": r"\b(?:free|complimentary|compliments|on the house|on us|on me|gift|extra|goodwill|gesture|bonus|points|treat|upgrad\w+|loyal\w*|token|as a thank)\b",
    "tip": r"\b(?:tip|by the way|just so you know|did you know|heads up|worth|remember|don't forget|while you're|reminder|noticed)\b",
    "discount": r"\b(?:voucher|discount|% off|off your next|credit|code)\b",
    "opinion": r"\b(?:feedback|survey|review|rate|rating|recommend|how (?:did|was|were|would|are|do) (?:you|we|i|your|the|everything|it)|what did you (?:think|like|make)|improve|do better|done better|satisfied|happy with|enjoy|suggestions?|comments?|out of (?:ten|<number>)|scale|thoughts)\b",
    "thanks": r"\b(?:thanks?|cheers|ta|grateful|appreciate|obliged)\b",
    "thanks_for": r"\b(?:thanks|thank you|cheers|appreciate)(?: \w+){0,3} (?:for|you|your|that|the|it)\b",
    "hello": r"^(?:hi|hello|hey|hiya|heya|dear|morning|afternoon|evening|good (?:morning|afternoon|evening|day)|welcome|greetings)\b",
    "welcome": r"\bwelcome (?:to|back|in)\b|\bspeaking\b|\bmy name(?:'s| is)?\b|\byou're through\b",
    "how_can_i_help": r"\b(?:how (?:can|may|could) (?:i|we)|what can i do) ",
    "anything_else": r"\b(?:anything else|any (?:other|more|further) questions|that (?:be )?all|that everything|something else)\b",
    "goodbye": r"\b(?:bye|goodbye|see (?:you|ya)|take care|have an? (?:\w+ )?(?:day|night|one|evening|weekend|afternoon|time|trip|journey)|enjoy|all the best|regards|good luck|good night|don't hesitate|feel free|look forward|safe journey|wish)\b",
    "you_should_have": r"\byou (?:should(?:'ve| have| of)|shouldn't|didn't|never|must have|forgot|put|left|missed|broke)\b|\bif you(?:'d| had| hadn't)\b|\byour (?:own )?fault\b",
    "others_fault": rf"\b{_OTHERS}\b.{{0,25}}\b(?:wrong|fault|mess\w*|lost|forgot|broke|never|always|useless|hopeless|let us down|couldn't|can't|didn't|told you)\b|\bblame\b|\bfault\b",
    "small": r"\b(?:it's only|only (?:a|an)|just (?:a|an)|no big deal|not a big deal|not the end|nothing serious|calm down|fuss|over ?reacting|get over|get used|live with|these things|it happens|never mind|so what|who cares|not my (?:problem|job|department)|nothing (?:i|we) can do|have to wait|end of|tough|it is what it is)\b",
    "you_are_wrong": r"\b(?:you're (?:wrong|mistaken|confused|lying|exaggerating)|you are (?:wrong|mistaken)|not true|isn't true|never said|didn't say|don't believe|that's not (?:what|true|right|how)|prove|disagree|we did|you did|i was there|you signed|you agreed|you said|think you'll find|can't have)\b",
    "insult": r"\b(?:idiot|stupid|thick|moron|dumb|shut up|get (?:lost|out|a life|a grip)|go away|liar|pathetic|ridiculous|rude|blind|deaf|genius|whining|moaning|boo hoo|brain|fool|joke|hang up|security|banned|threat\w*|how dare|who do you think|you people|grow up|don't care|whatever|yeah right|hurry up)\b",
    "subject_change": r"^(?:anyway\w*|moving on|next|speaking of|enough|never mind|so,? (?:moving|have you seen|about))\b|\b(?:weather|football|match|holiday|weekend|lunch|weather|film|interest you|interested in|sign up|sale on|store card|insurance)\b",
    "i_self": r"\b(?:i'm|i am|i've|i have|i was|i went|my (?!manager|supervisor|colleague|boss|team|apologies|mistake|fault|name))\b",
    "third_person": r"\b(?:he|she|they|him|her|them|it)\b",
    "to_you": r"\b(?:you|your|you're|you'll|you've)\b",
    "past": r"\b\w{2,}ed\b|\b(?:was|were|did|had|came|went|said|told|sent|got|left|took|made)\b",
}  # fmt: skip
_PATTERNS = tuple(re.compile(pattern) for pattern in CUES.values())
_CODE = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z][A-Z0-9&]{1,6}s?\b")
_EVERYDAY = frozenset(
    [
        "OK",
        "UK",
        "US",
        "USA",
        "TV",
        "ID",
        "PIN",
        "GP",
        "MOT",
        "VAT",
        "IT",
        "HR",
        "PC",
        "DVD",
        "USB",
        "AM",
        "PM",
        "NHS",
        "SMS",
        "BBC",
        "ASAP",
        "FAQ",
        "PDF",
        "DM",
        "CV",
        "WIFI",
        "LOL",
        "I",
        "A",
        "NO",
        "YES",
        "NOT",
        "SIM",
        "GB",
        "MB",
        "EU",
        "ATM",
    ]
)
EXTRA = ("one_code", "two_codes", "three_codes", "shouting")


def cues(text: str, plain: str) -> list[float]:
    """1.0 or 0.0 for each cue and each of EXTRA, of a sentence and its plain form."""
    letters = [c for c in text if c.isalpha()]
    shouting = len(letters) > 8 and sum(c.isupper() for c in letters) > 0.8 * len(letters)
    codes = 0 if shouting else sum(code.rstrip("s") not in _EVERYDAY for code in _CODE.findall(SIGNATURE.sub("", text)))
    found = [1.0 if pattern.search(plain) else 0.0 for pattern in _PATTERNS]
    return [*found, float(codes >= 1), float(codes >= 2), float(codes >= 3), float(shouting)]
