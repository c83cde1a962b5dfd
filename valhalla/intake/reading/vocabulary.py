"""The words of a lead list's column names: what each field is called, and which words say that a column is none of them.

Names are compared as sets of words (:mod:`valhalla.intake.reading.naming`). In a phrase ``a|b`` is one of two words and
``a?`` may be left out; a word stands here in its one spelling, which :data:`SPELLINGS` makes of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product


def words_of(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


SPELLINGS: dict[str, str] = {
    other: word
    for word, others in {
        "phone": "tel telephone ph telefono tele",
        "mobile": "cell cellular wireless mob celular handy",
        "landline": "landlines",
        "email": "correo courriel em",
        "address": "addr adr adress addresse adresse direccion domicilio addy",
        "number": "no num nbr nr",
        "percent": "pct percentage perc",
        "amount": "amt amnt",
        "estimated": "est estd estimate estim approx approximate",
        "assessed": "assd assessment assessor",
        "location": "loc locations",
        "municipal": "municipale municipales",
        "appraised": "appraisal",
        "property": "prop properties propriete propiedad",
        "building": "bldg",
        "square": "sq",
        "feet": "ft foot footage",
        "year": "yr yrs years",
        "bed": "bedroom bedrooms br bdrm bdrms brs beds",
        "bath": "bathroom bathrooms ba bth baths",
        "city": "town township municipality locality village ville ciudad",
        "state": "province prov estado",
        "unit": "apt apartment suite ste",
        "parcel": "parcels pcl",
        "price": "prices pricing prix precio prc",
        "mortgage": "mortgages mtg mtge",
        "loan": "loans",
        "lien": "liens",
        "tax": "taxes",
        "delinquent": "delinq delq delinquency delinquencies",
        "balance": "bal balances",
        "occupied": "occ",
        "business": "biz",
        "company": "corporation organization organisation entity",
        "condition": "cond",
        "current": "curr",
        "market": "mkt",
        "mailing": "mailings mlg mail-to",
        "repair": "repairs rehab renovation",
        "list": "lists",
        "listing": "listings listed",
        "acre": "acres acreage ac",
        "street": "str strasse",
        "sale": "sales",
        "status": "statuses",
        "person": "people individual",
        "decedent": "deceased",
        "representative": "executor executrix administrator administratrix petitioner fiduciary pr heir heirs",
        "owner": "owners own homeowner homeowners landlord landlords proprietaire propietario",
        "seller": "sellers vendor",
        "contact": "contacts",
        "borrower": "borrowers mortgagor",
        "litigator": "litigators litigious",
        "violation": "violations",
        "foreclosure": "foreclosures",
        "judgment": "judgement judgments judgements",
        "zip": "zips",
        "line": "lines ln",
        "date": "dt dates",
        "built": "blt",
        "living": "liv lvg",
        "value": "val values valor",
        "total": "tot",
        "code": "cd codes",
        "physical": "phy phys",
        "effective": "eff",
        "month": "months mos",
        "asking": "demande",
        "created": "create creation",
        "added": "add",
        "note": "notes",
        "tag": "tags labels",
        "flag": "flags",
        "comment": "comments",
        "remark": "remarks",
        "category": "categories",
    }.items()
    for other in others.split()
}  # fmt: skip
"""Another spelling of a word to the one that stands in the phrases."""

EXPANDED: dict[str, tuple[str, ...]] = {
    "fname": ("first", "name"),
    "lname": ("last", "name"),
    "surname": ("last", "name"),
    "forename": ("first", "name"),
    "zipcode": ("zip", "code"),
    "postcode": ("postal", "code"),
    "sqft": ("square", "feet"),
    "sf": ("square", "feet"),
    "preforeclosure": ("pre", "foreclosure"),
    "nombre": ("name",),
    "prenom": ("first", "name"),
    "apellido": ("last", "name"),
    "apellidos": ("last", "name"),
    "nom": ("last", "name"),
    "codigo": ("code",),
    "ltv": ("loan", "value", "ltv"),
}  # fmt: skip
"""Words that are several."""

STOP_WORDS = words_of(
    "the a an of for to in at is are was your you my our do does did what whats would will which how much many and or "
    "with please take this that it has have on de la le du reach us me we can should they he she i am"
)
"""Words that say nothing about what stands in a column."""

PERSONS: dict[str, int] = {
    "representative": 0, "owner": 1, "": 2, "seller": 3, "lead": 4, "contact": 4, "person": 4, "customer": 4,
    "client": 4, "prospect": 4, "invitee": 4, "attendee": 4, "respondent": 4, "borrower": 5, "taxpayer": 5,
    "defendant": 6, "grantee": 6, "account": 6, "decedent": 8,
}  # fmt: skip
"""Who a column may be about, with a rank: of several the lowest is the lead."""

FILLERS = frozenset(PERSONS) - {""} | words_of(
    "property situs site subject primary main input data full physical current best valuation"
)
"""Words that are left out where the others name a field."""

NAME_FILLERS = words_of(
    "personal full complete property primary main legal registered record recorded deeded current input data"
)
"""Words that are left out where the others say whose name it is."""

PROPERTY_WORDS = words_of(
    "property situs site subject parcel violation physical incident house service civic municipal location"
)
"""Words before an address, city, state or ZIP that say: of the house that is for sale."""

MAILING_WORDS = words_of("mailing mail billing correspondence")
"""Words before an address, city, state or ZIP that say: where letters go."""

STRANGERS = words_of(
    "agent agents broker brokerage realtor user users assigned assignee creator attorney lawyer lender bank trustee plaintiff "
    "relative relatives relation neighbor neighbour fax mls employee staff inspector officer manager management tenant renter "
    "scheduler organizer organiser host modified updated rep reps salesperson closer caller acquisitions emergency "
    "buyer buyers notary servicer beneficiary grantor"
)
"""Words of people who are not the lead, and of what others say about a listing: such a column is not a field."""

OUR_OWN = words_of("lead contact deal record account opportunity prospect ticket company task list file")
"""Before ``owner`` these say: who of us works on it."""

VETOES = STRANGERS | words_of(
    "date time state city type status id parcel year age url link lat lng latitude longitude score factor count total provider "
    "carrier code case zip postal apn county country campaign ad adset form website web reason opt unsubscribed care tracking"
)
"""Words of a name that is not understood which rule out that it holds a number, an e-mail, an address or a name."""

PHONE_CORE = frozenset(("phone", "mobile", "landline", "whatsapp", "voip"))
PHONE_WORDS = PHONE_CORE | words_of(
    "number home work business office primary main best contact owner seller person lead text sms day daytime evening direct "
    "other secondary second alternate alt value valid verified property residential line skip trace traced reminder first "
    "representative customer client prospect invitee attendee respondent borrower taxpayer account"
)
PHONE_WITHOUT_CORE = frozenset(
    words_of(each)
    for each in (
        "number", "contact number", "text number", "sms number", "text reminder number", "call number", "owner number",
        "seller number", "best number", "callback number", "work number", "home number", "home", "work", "best number call",
        "alt number", "alternate number", "other number", "second number", "secondary number", "primary number", "main number",
    )
)  # fmt: skip
"""Names of phone columns without the word; they count where the cells are numbers."""
EMAIL_WORDS = words_of(
    "email address primary main personal work home business owner contact seller person lead value id other secondary alternate "
    "alt best valid verified second customer client prospect invitee attendee property representative respondent borrower taxpayer account"
)

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "dnc": (
        "dnc", "donotcall", "dnc status|flag|list|registry|scrub", "federal|national|state dnc",
        "federal|national dnc registry|list",
    ),
    "litigator": ("litigator", "tcpa", "tcpa litigator|flag"),
    "type": ("type", "line type", "label", "kind"),
    "status": (
        "status", "tag", "result", "wrong number?", "disconnected number?", "bad number?", "invalid", "dead",
        "is? connected",
    ),
}  # fmt: skip
"""What a column can say of a phone number, by the words that follow the number's own."""
STATUS_WORDS = {
    "wrong": "wrong", "bad": "wrong", "disconnected": "disconnected", "dead": "disconnected", "invalid": "disconnected",
}  # fmt: skip
"""Words of a number's status, or of a status column that is called by it, with the flag that they are."""

ADDRESS_PARTS: dict[str, tuple[str, ...]] = {
    "address": ("street address", "address line?", "street", "line", "full address", "formatted address?", "full", "complete address", "house"),
    "unit": ("unit number?", "unit unit", "address unit number?"),
    "city": ("city",),
    "state": ("state region?", "state code", "region", "st", "state abbreviation"),
    "zip": ("zip code?", "zip number", "postal code?", "zip postal code?", "pc"),
    "county": ("county", "county name"),
    "location": ("city state|st", "city state|st zip code?", "city state|st postal code?"),
}  # fmt: skip
"""The parts of an address, without the words that say whose."""

SIGNS: tuple[str, ...] = (
    "vacant property|house|home|flag?", "probate", "tax delinquent property?", "tax lien", "tax deed", "tax default|sale",
    "absentee owner?", "out state owner?", "in state absentee owner?", "out state absentee owner?", "pre foreclosure",
    "foreclosure", "lis pendens", "auction", "bankruptcy", "divorce", "inherited property?", "high equity", "free clear",
    "tired owner", "senior owner?", "expired listing", "failed listing", "expired", "code violation", "eviction", "lien",
    "involuntary lien", "judgment", "fire damage|damaged", "condemned", "abandoned", "distressed property?", "zombie property?",
    "water|utility shutoff", "death", "decedent", "hoarder", "unoccupied", "notice default", "reo", "bank owned",
)  # fmt: skip
"""Signs that a Yes/No column can be called by."""

STREET_PIECES: tuple[tuple[str, ...], ...] = (
    ("street|house|situs|site|property number", "street number"),
    ("street direction|dir|prefix|pre", "street pre direction|dir"),
    ("street name", "situs|site|property street name", "situs|site|property street|st", "street"),
    ("street suffix|type", "street suffix"),
    ("street post direction|dir",),
)
"""The columns of an address that is cut into its pieces, in the order in which they are written."""

SIGN_FILLERS = words_of("flag indicator list quick site situs currently")
"""Words next to a sign that change nothing."""

SIMPLE: dict[str, tuple[str, ...]] = {
    "litigator": ("litigator", "tcpa litigator?", "tcpa flag", "litigator flag", "known litigator"),
    "do_not_call": (
        "donotcall", "dnd", "donotcontact", "donotcall flag|list|status", "opt out", "opted out", "dnc", "dnc flag|status|list",
        "federal|national dnc", "stop|remove contact?",
    ),
    "disposition": (
        "disposition", "last disposition", "call disposition|result|outcome|status", "last call result|outcome|status|disposition",
        "outcome", "result", "contact status", "lead status", "lead disposition", "status",
    ),
    "apn": (
        "apn", "apn number", "parcel id|number|identifier?", "parcel identification number", "assessed parcel number|id?", "folio number?",
        "property parcel id|number", "pin", "pid", "roll number", "assessed roll number", "property tax id", "tax parcel id|number?",
        "tax id number?",
    ),
    "value": (
        "asking price", "asking amount?", "ask price?", "asking value", "desired|wanted|target|seller|minimum|lowest price",
        "want price?", "price want|wanted|asked|expect|accept", "want house|home|property", "price house|home|property", "property price",
        "price", "list|listing price", "expected price",
    ),
    "estimated_value": (
        "estimated value", "estimated market|home|house|property value", "market value", "total market value", "current market value",
        "avm", "avm value", "zestimate", "home|house value", "property value", "current value", "estimated current value", "fair market value",
        "estimated price",
    ),
    "assessed_value": (
        "assessed value", "total assessed value", "tax assessed value", "assessed total value?", "evaluation municipal?", "appraised value", "total appraised value", "assessed",
        "assessed property value",
    ),
    "arv": ("arv", "after repair value", "estimated arv", "arv estimated"),
    "repairs": ("repair", "repair cost", "estimated repair cost?", "repair estimated", "repair amount|budget"),
    "last_sale_price": (
        "last market? sale|sold price|amount|value", "sale|sold price|amount|value", "last purchase price|amount", "purchase price|amount", "bought price",
        "last transfer amount|price", "price paid", "last sale|sold",
    ),
    "last_sale_date": (
        "last market? sale|sold date", "last sale recording date", "sale|sold date", "purchase date", "last purchase date", "date last sale|sold",
        "last transfer date", "last sale|sold", "deed date", "acquisition date", "date purchased|acquired", "date sale",
    ),
    "loans": (
        "loan|mortgage balance", "total loan|mortgage balance", "estimated loan|mortgage balance", "estimated remaining balance open loan",
        "remaining|open|current loan|mortgage balance", "total loan|mortgage amount?", "total open loan|mortgage balance", "estimated total loan|mortgage balance", "mortgage",
        "owe|owed mortgage|house?", "estimated mortgage", "amount owed mortgage|loan", "payoff amount?", "loan payoff", "mortgage owed",
    ),
    "equity": ("equity", "estimated equity amount?", "equity amount|value", "total equity", "current equity"),
    "equity_percent": ("equity percent", "estimated equity percent", "percent equity", "equity"),
    "ltv": ("ltv loan value", "loan value", "estimated loan value", "estimated ltv loan value", "loan value percent|ratio", "estimated loan value percent|ratio"),
    "tax_owed": (
        "amount due", "tax owed|due|owing", "total tax owed|due", "tax amount due|owed", "delinquent amount", "delinquent tax amount?", "tax delinquent amount|value",
        "back tax amount?", "past due amount?", "total due", "total amount due", "amount owed|owing", "balance due", "tax lien amount", "lien amount",
        "tax balance", "tax balance due", "total delinquent amount?", "arrears", "tax arrears", "unpaid tax", "total owed", "outstanding balance",
        "tax delinquent amount",
    ),
    "property_type": (
        "property type", "type property", "property use", "land use", "land use description", "property class", "home|house|building type", "property category",
        "use description", "universal land use", "property type description", "dwelling type", "structure type", "type",
    ),
    "beds": ("bed", "number bed", "total bed", "bed count", "bed total", "property bed"),
    "baths": ("bath", "number bath", "total bath", "bath count", "bath total", "full bath"),
    "sqft": (
        "square feet", "building|living|home|house|total|size|structure square feet", "living area", "building area", "living area square feet",
        "building area square feet", "living building square feet", "gla", "size", "building size", "interior square feet",
    ),
    "lot": (
        "lot size", "lot", "lot size square feet|acre", "lot square feet|acre", "lot size? acre", "acre", "lot area", "lot area square feet|acre", "land area", "land size", "lot size area",
    ),
    "year_built": ("year built", "built", "built year", "effective year built", "year construction", "construction year"),
    "condition": ("condition", "property|house|home|building|total|overall condition", "interior condition"),
    "occupancy": ("occupancy", "occupancy status|type", "owner occupied", "owner occupied status|flag|indicator", "occupied", "occupied status", "is owner occupied"),
    "years_owned": ("year owned", "year ownership", "ownership length|year", "length ownership", "ownership length year", "number year owned"),
    "list_date": (
        "list date", "date added list", "date added", "added date", "added", "date listing", "listing date", "date list", "created date|time", "date created", "created",
        "list created date?", "lead date", "lead created date|time?", "date", "record date", "submitted date?", "date submitted", "submission date", "created date time",
    ),
    "source": ("lead source", "source", "list source", "marketing source|channel", "source list|name|campaign|channel", "campaign name?", "channel", "lead channel"),
    "lead_id": (
        "lead id|number", "record id|number", "id", "external id", "unique id", "contact id", "source id", "source lead id", "reference number?", "ref number?", "prospect|customer|client id",
    ),
    "interested_in": (
        "interested", "interested looking?", "looking", "want buy|sell", "buyer seller", "buying selling", "buy sell", "intent", "intention", "interest type", "type", "lead|contact|client|customer type", "lead intent",
    ),
    "location": ("location", "market", "area", "metro", "place", "region", "market area", "metro area"),
    "tags": (
        "tag", "lead|property|contact tag", "marketing list", "list name?", "list type", "property|contact|lead flag", "flag", "note", "comment", "remark", "motivation", "reason", "reason selling|sell",
        "description", "situation", "distress", "distress type", "lead|list|sign|case|filing|document|notice|violation type", "violation", "violation description|code", "code violation type|description",
        "category", "group membership?", "type", "seller motivation|situation", "call note", "last|recent note", "recent note", "property|lead|contact|seller note", "note property|seller",
        "status", "property status", "case description", "complaint|incident type|description?", "lien type", "pre? foreclosure type|status|stage", "why selling|sell|sale", "problem", "issue", "label", "marketing tag",
    ),
}  # fmt: skip
"""Fields with the names they go by; the first of them beats the later ones."""

WHOLE_NAME = frozenset(
    (
        "lead_id",
        "list_date",
        "property_type",
        "interested_in",
        "tags",
        "flag",
        "source",
        "sqft",
        "do_not_call",
        "disposition",
    )
)
"""Fields that only a whole name means, with no filler left out: a ``Contact Date`` is not a date of a list."""

WEAK = frozenset(
    words_of(each)
    for each in (
        "number", "property", "house", "line", "st", "region", "full", "size", "want", "built", "mortgage", "looking", "interested", "result",
        "ask", "contact", "lead", "account", "pin", "pid", "id", "area", "place", "added", "who", "pc", "lot", "owe", "assessed", "mail", "mailing", "payoff",
    )
)  # fmt: skip
"""Names that mean a field only where some cell says so too."""

UNSURE: dict[str, str] = {
    "amount": "value", "budget": "value", "offer": "value", "offer price": "value", "lead value": "value", "deal value": "value",
    "deal size": "value", "cost": "value", "deal amount": "value",
}  # fmt: skip
"""Names that may mean a field, of which a person is asked."""

LISTING_MARKS: tuple[str, ...] = (
    "mls", "mls number|id", "ml number", "listing id|number|key", "day market", "days market", "dom", "cdom", "listing|list agent name?", "listing|list office name?",
    "listing|list broker name?", "mls listing number|id", "listing office phone", "buyer agent", "agent name", "agent",
)  # fmt: skip
"""Columns that a download of listings has."""


BUYER_MARKS: tuple[str, ...] = (
    "buy box", "buyer", "buyer name|phone|email|type|number|company", "cash buyer name|phone|email|type|company?", "buyer first|last name",
    "max|maximum price|purchase|offer|budget", "max|maximum purchase|buy price", "price max", "buying criteria", "buy criteria",
    "investor name|phone|email|type", "proof funds", "max|maximum rehab|repair|arv|share", "max|maximum arv percent|share", "min|minimum bed",
)  # fmt: skip
"""Columns that a list of buyers has."""


CALL_MARKS: tuple[str, ...] = (
    "call duration|length|recording|id|sid|start|end", "talk time", "duration seconds?", "duration", "recording url|link?",
    "call start|end time", "number dialed|called", "dialed number", "call direction", "ring time",
)  # fmt: skip
"""Columns that a dialer's list of calls has."""


def expand(phrase: str) -> Iterator[frozenset[str]]:
    """The sets of words that a phrase stands for."""
    choices: list[list[str]] = []
    for word in phrase.split():
        optional = word.endswith("?")
        choices.append([*word.rstrip("?").split("|"), *([""] if optional else [])])
    for words in product(*choices):
        yield frozenset(word for word in words if word)


@cache
def phrases() -> dict[frozenset[str], tuple[tuple[str, int], ...]]:
    """Each set of words with the fields it may mean, best first, and its rank among the names of that field."""
    found: dict[frozenset[str], dict[str, int]] = {}
    for field, names in [*SIMPLE.items(), ("flag", SIGNS)]:
        for rank, name in enumerate(names):
            for words in expand(name):
                found.setdefault(words, {}).setdefault(field, rank)
    order = (
        "flag",
        "last_sale_date",
        "last_sale_price",
        "property_type",
        "interested_in",
        "equity",
        "equity_percent",
        "tax_owed",
        "location",
        "disposition",
        "tags",
    )
    return {
        words: tuple(
            sorted(fields.items(), key=lambda each: order.index(each[0]) if each[0] in order else -1)
        )
        for words, fields in found.items()
    }


@cache
def address_parts() -> dict[frozenset[str], tuple[str, int]]:
    """Each set of words that names a part of an address, with the part and its rank."""
    found: dict[frozenset[str], tuple[str, int]] = {}
    for part, names in ADDRESS_PARTS.items():
        for rank, name in enumerate(names):
            for words in expand(name):
                found.setdefault(words, (part, rank))
    return found


@cache
def attributes() -> dict[frozenset[str], str]:
    """Each set of words that says something of a phone number, with the attribute."""
    return {words: what for what, names in ATTRIBUTES.items() for name in names for words in expand(name)}


@cache
def unsure() -> dict[frozenset[str], str]:
    """Each name that a person is asked about, with the field it may mean."""
    return {words_of(name): field for name, field in UNSURE.items()}


@cache
def street_pieces() -> dict[frozenset[str], int]:
    """Each name of a piece of an address, with its place."""
    return {
        words: place for place, names in enumerate(STREET_PIECES) for name in names for words in expand(name)
    }


@cache
def listing_marks() -> frozenset[frozenset[str]]:
    """The names by which a download of listings is known."""
    return frozenset(words for name in LISTING_MARKS for words in expand(name))


@cache
def buyer_marks() -> frozenset[frozenset[str]]:
    """The names by which a list of buyers is known."""
    return frozenset(words for name in BUYER_MARKS for words in expand(name))


@cache
def call_marks() -> frozenset[frozenset[str]]:
    """The names by which a dialer's list of calls is known."""
    return frozenset(words for name in CALL_MARKS for words in expand(name))


@cache
def known_words() -> frozenset[str]:
    """Every word that means something in a name: what run-together names are cut into."""
    words = (
        set(SPELLINGS)
        | set(EXPANDED)
        | set(PERSONS)
        | STOP_WORDS
        | SIGN_FILLERS
        | FILLERS
        | NAME_FILLERS
        | PROPERTY_WORDS
        | MAILING_WORDS
        | STRANGERS
    )
    words |= (
        PHONE_WORDS | EMAIL_WORDS | VETOES | {"name", "first", "last", "middle", "given", "family", "percent"}
    )
    for table in (phrases(), address_parts(), attributes(), unsure()):
        for each in table:
            words |= each
    words |= {word for each in listing_marks() | buyer_marks() for word in each}
    return frozenset(word for word in words if word)
