"""Wordings that often carry a move. Cues only: the fitted classifier weighs them, none decides alone."""

# ruff: noqa: E501 - a pattern reads better in one piece

from __future__ import annotations

import re

_CUES: dict[str, str] = {
    "greet": r"^(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|morning|welcome)\b|\bwelcome to\b|how (?:can|may) i help",
    "ask": r"^(?:can|could|may|would|do|did|is|are|have|has|what|when|where|which|who|how|whats|may)\b.*\b(?:you|your|i|it|the|we)\b.*\?|let me know (?:your|the|what|which|if)",
    "acknowledge": r"\b(?:so you|so your|i see that|if i understand|you(?:'re| are) saying|you(?:'re| are) right|as you said|i hear)\b",
    "empathise": r"\b(?:must (?:be|have been)|understand (?:how|why|your|you)|frustrat|upset|disappoint|sorry (?:to hear|you|for your)|i can see why|feel)",
    "apologise": r"\b(?:apolog\w+|(?:so|very|really|am|im|i'm) sorry|sorry (?:for|about|that we|we|i))\b",
    "take_ownership": r"\b(?:our (?:fault|mistake|error)|my (?:fault|mistake|error)|leave (?:it|this) with me|take care of (?:it|this)|i(?:'ll| will) sort|deal with (?:it|this) myself|responsib)",
    "reassure": r"\b(?:don'?t worry|no need to worry|rest assured|not your fault|in (?:good|safe) hands|be fine|no problem|all in hand)\b",
    "inform": r"\b(?:has been|have been|was|is|are|costs?|open|includes?|takes?|shows?)\b",
    "explain_limit": r"\b(?:can'?t|cannot|unable|not able|don'?t (?:do|have|offer|allow|accept)|policy|only (?:allow|do|accept)|not allowed)\b",
    "offer_alternative": r"\b(?:instead|alternativ\w+|another|other option|or (?:you|i|we) (?:can|could)|what (?:i|we) can do|how about)\b",
    "vary_within_guidelines": r"\b(?:exception|waive\w*|this once|just this time|extend|extension|discretion|as a one off|one-off)\b",
    "say_no": r"\b(?:no,|i can'?t (?:do|give|refund)|won'?t be able|have to (?:say no|decline|refuse)|the answer is no|not possible)\b",
    "refer_on": r"\b(?:transfer|pass (?:it|this|you)|put you through|speak to (?:my|our|the)|my (?:manager|supervisor)|escalat|refer you)\b",
    "promise": r"\b(?:i(?:'ll|ll| will)|we(?:'ll| will)) .*\b(?:by|today|tomorrow|tonight|within|before|this (?:morning|afternoon)|\d+ ?(?:min|hour|day|am|pm))",
    "overpromise": r"\b(?:guarantee|i promise (?:you )?(?:it|this|they)|never (?:again|happen)|definitely|100%)",
    "add_value": r"\b(?:as a (?:thank you|goodwill|gesture)|on the house|free of charge|complimentary|voucher|loyalty|by the way|for free)\b",
    "invite_feedback": r"\b(?:feedback|survey|how (?:was|did you find|did we|have we)|rate (?:us|our|my)|what could we)\b",
    "thank": r"\b(?:thanks|thank you|thank u|thx|ta for|appreciate)\b",
    "close": r"\b(?:anything else|have a (?:good|great|nice|lovely)|goodbye|bye|take care|enjoy your)\b",
    "blame": r"\b(?:your (?:own )?fault|you should(?:'ve| have)|their fault|you didn'?t|blame)\b",
    "dismiss": r"\b(?:nothing (?:i|we) can do|calm down|get over|not a big deal|no big deal|not my problem|its only|it's only|just wait)\b",
    "argue": r"\b(?:that'?s not (?:true|right|what)|you(?:'re| are) wrong|no you|you never|actually you)\b",
    "jargon": r"\b[A-Z]{2,5}\b.*\b[A-Z0-9]{2,6}\b|\b(?:sla|rma|crm|kyc|dpd|eta)\b",
    "rude": r"\b(?:idiot|stupid|moron|shut up|get lost|whatever|are you (?:deaf|blind))\b",
    "ignore": r"^(?:anyway|anyways)\b",
}  # fmt: skip
CUES: dict[str, re.Pattern[str]] = {
    move: re.compile(p, 0 if move == "jargon" else re.IGNORECASE) for move, p in _CUES.items()
}


def cued(text: str) -> tuple[str, ...]:
    """The moves whose wording stands in the text."""
    plain = text.replace("’", "'")
    return tuple(move for move, pattern in CUES.items() if pattern.search(plain))
