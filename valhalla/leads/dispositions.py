"""The words of dialers and CRMs for what came of a call, as outcomes."""

from __future__ import annotations

from valhalla.leads.standing import EVENTS, SYNONYMS
from valhalla.program.patterns import pattern

_EXACT = {
    "no_answer": "n|na|no ans|noanswer|rna|not home|timeout|abandoned|drop|no contact",
    "voicemail": "a|aa|al|am|amd|lm|lvm|left message",
    "busy": "b|ab",
    "disconnected": "dc|adc|nis|dead number|fax|fax machine",
    "wrong_number": "wn|wrong",
    "callback": "callbk|cbhold|follow up|followup",
    "not_interested": "ni|refused|no",
    "interested": "hot|warm|lead|prospect|qualified",
    "appointment": "appt set|xfer",
    "opted_out": "dncl|dnd|stop|remove|removed|unsubscribe|litigator",
    "contacted": "live|human|reached|hangup|hung up",
    "won": "closed|sale",
    "contract": "under contract",
    "dead": "dead|not a lead",
}
"""Dispositions as they are written whole, VICIdial's codes among them."""

_PHRASES = (
    ("opted_out", r"do not (call|contact)|dont call|opt(ed)? ?out|take me off|remove (me|from)|\bdnc\b"),
    ("wrong_number", r"wrong (number|num|no|nbr|phone|person)|not (the )?(right )?(number|person)"),
    (
        "disconnected",
        r"disconnect|not in service|out of service|no longer in service|not working|bad (number|phone)|invalid",
    ),
    (
        "someone_else",
        r"tenant|renter|relative|family|spouse|third party|gate ?keeper|not (the )?owner|someone else",
    ),
    ("voicemail", r"voice ?mail|answering machine|left (a )?(message|msg|vm)|\bvm\b|machine"),
    ("no_answer", r"no ?answer|did not answer|didnt answer|no pick ?up|not available|rang out|unanswered"),
    ("busy", r"\bbusy\b"),
    ("not_interested", r"not? (currently |at this time )?interest|not selling|\bno interest|declined"),
    ("callback", r"call ?back|call (me )?later|\bcb\b|follow ?up"),
    ("appointment", r"appointment|\bappt\b|meeting"),
    ("contract", r"contract (signed|sent)|under contract"),
    ("offer", r"offer (made|sent)|made (an )?offer"),
    ("sold", r"already sold|property sold|sold (it|already|to)"),
    ("dead", r"deceased|dead lead"),
    ("interested", r"interested|hot lead|warm lead|wants (an )?offer"),
    ("contacted", r"talked|spoke|conversation|connected|answered|contacted|live answer|hung up"),
)
"""What is looked for in longer ones, in this order."""

_WORD = pattern(r"[^a-z0-9]+")


_WHOLE = {word: event for event, words in _EXACT.items() for word in words.split("|")}
_LOOKED_FOR = [(event, pattern(text)) for event, text in _PHRASES]


def event_of(word: str) -> str:
    """The outcome that a list's word means; the word itself where it is none of them."""
    plain = _WORD.sub(" ", word.replace("'", "").lower()).strip()
    name = plain.replace(" ", "_")
    if name in EVENTS or name in SYNONYMS:
        return SYNONYMS.get(name, name)
    if plain in _WHOLE:
        return _WHOLE[plain]
    return next((event for event, pattern in _LOOKED_FOR if pattern.search(plain)), word.strip().lower())
