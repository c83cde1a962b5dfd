"""The words of postal addresses and their standard forms, as data.

Sources: United States Postal Service, Publication 28 "Postal Addressing Standards" (pe.usps.com/text/pub28): appendix B
(states and directions), C1 (street suffixes), C2 (secondary unit designators), F (county, state and federal highways), section 23
(directions, numeric street names); Canada Post, "Addressing guidelines" (provinces, street types and directions in
French). ZIP prefixes: USPS Domestic Mail Manual, labeling list L002. Spellings that lists use and no source names are
marked as such. Each line is a standard form, a colon, and what else is written for it.
"""

from __future__ import annotations


def _table(text: str) -> dict[str, str]:
    """Each spelling in ``text`` with its standard form; a standard form stands for itself."""
    found = {}
    for line in text.strip().splitlines():
        standard, _, others = line.partition(":")
        standard = standard.strip()
        for word in (standard, *others.split()):
            found[word] = standard
    return found


def word_set(text: str) -> frozenset[str]:
    """The words in ``text``."""
    return frozenset(text.split())


SUFFIXES = _table(
    """
    ALY: ALLEE ALLEY ALLY
    ANX: ANEX ANNEX ANNX
    ARC: ARCADE
    AVE: AV AVEN AVENU AVENUE AVN AVNUE
    BYU: BAYOO BAYOU
    BCH: BEACH
    BND: BEND
    BLF: BLUF BLUFF
    BLFS: BLUFFS
    BTM: BOT BOTTM BOTTOM
    BLVD: BOUL BOULEVARD BOULV
    BR: BRNCH BRANCH
    BRG: BRDGE BRIDGE
    BRK: BROOK
    BRKS: BROOKS
    BG: BURG
    BGS: BURGS
    BYP: BYPA BYPAS BYPASS BYPS
    CP: CAMP CMP
    CYN: CANYN CANYON CNYN
    CPE: CAPE
    CSWY: CAUSEWAY CAUSWA CAUSWAY
    CTR: CEN CENT CENTER CENTR CENTRE CNTER CNTR
    CTRS: CENTERS
    CIR: CIRC CIRCL CIRCLE CRCL CRCLE
    CIRS: CIRCLES
    CLF: CLIFF
    CLFS: CLIFFS
    CLB: CLUB
    CMN: COMMON
    CMNS: COMMONS
    COR: CORNER
    CORS: CORNERS
    CRSE: COURSE
    CT: COURT
    CTS: COURTS
    CV: COVE
    CVS: COVES
    CRK: CREEK
    CRES: CRESCENT CRSENT CRSNT CRECENT CRESENT CRSCNT
    CRST: CREST
    XING: CROSSING CRSSNG CRSSING
    XRD: CROSSROAD
    XRDS: CROSSROADS
    CURV: CURVE
    DL: DALE
    DM: DAM
    DV: DIV DIVIDE DVD
    DR: DRIV DRIVE DRV
    DRS: DRIVES
    EST: ESTATE
    ESTS: ESTATES
    EXPY: EXP EXPR EXPRESS EXPRESSWAY EXPW
    EXT: EXTENSION EXTN EXTNSN
    EXTS: EXTENSIONS
    FALL:
    FLS: FALLS
    FRY: FERRY FRRY
    FLD: FIELD
    FLDS: FIELDS
    FLT: FLAT
    FLTS: FLATS
    FRD: FORD
    FRDS: FORDS
    FRST: FOREST FORESTS
    FRG: FORG FORGE
    FRGS: FORGES
    FRK: FORK
    FRKS: FORKS
    FT: FORT FRT
    FWY: FREEWAY FREEWY FRWAY FRWY
    GDN: GARDEN GARDN GRDEN GRDN
    GDNS: GARDENS GRDNS
    GTWY: GATEWAY GATEWY GATWAY GTWAY
    GLN: GLEN
    GLNS: GLENS
    GRN: GREEN
    GRNS: GREENS
    GRV: GROV GROVE
    GRVS: GROVES
    HBR: HARB HARBOR HARBR HRBOR
    HBRS: HARBORS
    HVN: HAVEN HAVN
    HTS: HT HEIGHT HEIGHTS HGTS
    HWY: HIGHWAY HIGHWY HIWAY HIWY HWAY
    HL: HILL
    HLS: HILLS
    HOLW: HLLW HOLLOW HOLLOWS HOLWS
    INLT: INLET
    IS: ISLAND ISLND
    ISS: ISLANDS ISLNDS
    ISLE: ISLES
    JCT: JCTION JCTN JUNCTION JUNCTN JUNCTON
    JCTS: JCTNS JUNCTIONS
    KY: KEY
    KYS: KEYS
    KNL: KNOL KNOLL
    KNLS: KNOLLS
    LK: LAKE
    LKS: LAKES
    LAND:
    LNDG: LANDING LNDNG
    LN: LANE LANES LA
    LGT: LIGHT
    LGTS: LIGHTS
    LF: LOAF
    LCK: LOCK
    LCKS: LOCKS
    LDG: LDGE LODG LODGE
    LOOP: LOOPS
    MALL:
    MNR: MANOR
    MNRS: MANORS
    MDW: MEADOW
    MDWS: MEADOWS MEDOWS
    MEWS:
    ML: MILL
    MLS: MILLS
    MSN: MISSN MSSN MISSION
    MTWY: MOTORWAY
    MT: MNT MOUNT
    MTN: MNTAIN MNTN MOUNTAIN MOUNTIN MTIN
    MTNS: MNTNS MOUNTAINS
    NCK: NECK
    ORCH: ORCHARD ORCHRD
    OVAL: OVL
    OPAS: OVERPASS
    PARK: PARKS PRK PK
    PKWY: PARKWAY PARKWY PKWAY PKY PARKWAYS PKWYS
    PASS:
    PSGE: PASSAGE
    PATH: PATHS
    PIKE: PIKES
    PNE: PINE
    PNES: PINES
    PL: PLACE
    PLN: PLAIN
    PLNS: PLAINS PLAINES
    PLZ: PLAZA PLZA
    PT: POINT
    PTS: POINTS
    PRT: PORT
    PRTS: PORTS
    PR: PRAIRIE PRR PRARIE
    RADL: RAD RADIAL RADIEL
    RAMP:
    RNCH: RANCH RANCHES RNCHS
    RPD: RAPID
    RPDS: RAPIDS
    RST: REST
    RDG: RDGE RIDGE
    RDGS: RIDGES
    RIV: RIVER RVR RIVR
    RD: ROAD
    RDS: ROADS
    RTE: ROUTE
    ROW:
    RUE:
    RUN:
    SHL: SHOAL
    SHLS: SHOALS
    SHR: SHOAR SHORE
    SHRS: SHOARS SHORES
    SKWY: SKYWAY
    SPG: SPNG SPRING SPRNG
    SPGS: SPNGS SPRINGS SPRNGS
    SPUR: SPURS
    SQ: SQR SQRE SQU SQUARE
    SQS: SQRS SQUARES
    STA: STATION STATN STN
    STRA: STRAV STRAVEN STRAVENUE STRAVN STRVN STRVNUE STRAVE
    STRM: STREAM STREME
    ST: STREET STRT STR
    STS: STREETS
    SMT: SUMIT SUMITT SUMMIT
    TER: TERR TERRACE
    TRWY: THROUGHWAY
    TRCE: TRACE TRACES
    TRAK: TRACK TRACKS TRK TRKS
    TRFY: TRAFFICWAY
    TRL: TRAIL TRAILS TRLS TR
    TUNL: TUNEL TUNLS TUNNEL TUNNELS TUNNL
    TPKE: TRNPK TURNPIKE TURNPK TPK TRPK
    UPAS: UNDERPASS
    UN: UNION
    UNS: UNIONS
    VLY: VALLEY VALLY VLLY
    VLYS: VALLEYS
    VIA: VDCT VIADCT VIADUCT
    VW: VIEW
    VWS: VIEWS
    VLG: VILL VILLAG VILLAGE VILLG VILLIAGE
    VLGS: VILLAGES
    VL: VILLE
    VIS: VIST VISTA VST VSTA
    WALK: WALKS
    WALL:
    WAY: WY
    WAYS:
    WL: WELL
    WLS: WELLS
    """
)
"""Publication 28, appendix C1, with the older forms LA, TR, TPK, PK and the spellings of its earlier editions."""

SUFFIXES.update({"CRT": "CT", "AVENEU": "AVE", "CRESC": "CRES", "PLC": "PL", "TRC": "TRCE", "WYND": "WYND"})
"""In lists, in no edition of Publication 28."""

PLAIN_SUFFIXES = frozenset(
    word
    for word, standard in SUFFIXES.items()
    if standard
    in {"ST", "AVE", "RD", "DR", "LN", "CT", "BLVD", "PL", "WAY", "CIR", "TER", "PKWY", "HWY", "TRL"}
)
"""Suffixes that are hardly ever a word of a street's or a city's name: the street ends at the first of them."""

DIRECTIONS = _table(
    """
    N: NORTH NO
    S: SOUTH SO
    E: EAST
    W: WEST
    NE: NORTHEAST
    NW: NORTHWEST
    SE: SOUTHEAST
    SW: SOUTHWEST
    """
)
"""Section 233 and appendix B; NO and SO as lists write them."""

FRENCH_DIRECTIONS = {"O": "W", "OUEST": "W", "EST": "E", "NORD": "N", "SUD": "S", "NO": "NW", "SO": "SW"}
"""Canada Post, for addresses in Canada only."""

FRENCH_TYPES = {
    "RUE": "RUE", "CH": "CH", "CHEMIN": "CH", "BOUL": "BLVD", "BOULEVARD": "BLVD", "BLVD": "BLVD", "AV": "AVE", "AVENUE": "AVE",
    "AVE": "AVE", "PLACE": "PL", "PL": "PL", "COTE": "COTE", "MONTEE": "MONTEE", "RANG": "RANG", "CROISSANT": "CRES", "CROIS": "CRES",
    "ALLEE": "ALLEE", "IMPASSE": "IMP", "IMP": "IMP", "PROMENADE": "PROM", "PROM": "PROM", "ROUTE": "RTE", "RTE": "RTE",
    "TERRASSE": "TSSE", "TSSE": "TSSE", "QUAI": "QUAI", "RUELLE": "RLE", "RLE": "RLE",
}  # fmt: skip
"""Canada Post's street types that stand before the name."""

UNITS = _table(
    """
    APT: APARTMENT APMT APTMT
    BSMT: BASEMENT
    BLDG: BUILDING BLG
    DEPT: DEPARTMENT
    FL: FLOOR FLR
    FRNT: FRONT
    HNGR: HANGAR HANGER
    KEY:
    LBBY: LOBBY
    LOT:
    LOWR: LOWER LWR
    OFC: OFFICE
    PH: PENTHOUSE
    PIER:
    REAR:
    RM: ROOM
    SIDE:
    SLIP:
    SPC: SPACE
    STOP:
    STE: SUITE
    TRLR: TRAILER
    UNIT: UNT
    UPPR: UPPER UPR
    #:
    """
)
"""Appendix C2; the last of a line are spellings of lists."""

ALONE = frozenset({"BSMT", "FRNT", "LBBY", "LOWR", "OFC", "PH", "REAR", "SIDE", "UPPR"})
"""Designators that need no number (appendix C2)."""

SAME_UNIT = frozenset({"APT", "UNIT", "#", "STE"})
"""Designators that mean the same place when the number is the same, because lists use one for another."""

_FIRST_ORDINALS = """
FIRST SECOND THIRD FOURTH FIFTH SIXTH SEVENTH EIGHTH NINTH TENTH ELEVENTH TWELFTH THIRTEENTH FOURTEENTH FIFTEENTH SIXTEENTH
SEVENTEENTH EIGHTEENTH NINETEENTH TWENTIETH
"""
ORDINALS = {
    word: f"{number}{'TH' if 10 < number < 14 else {1: 'ST', 2: 'ND', 3: 'RD'}.get(number % 10, 'TH')}"
    for number, word in enumerate(_FIRST_ORDINALS.split(), 1)
}
TENS = {
    "TWENTY": 20,
    "THIRTY": 30,
    "FORTY": 40,
    "FIFTY": 50,
    "SIXTY": 60,
    "SEVENTY": 70,
    "EIGHTY": 80,
    "NINETY": 90,
}
ORDINALS |= {
    "THIRTIETH": "30TH", "FORTIETH": "40TH", "FIFTIETH": "50TH", "SIXTIETH": "60TH", "SEVENTIETH": "70TH",
    "EIGHTIETH": "80TH", "NINETIETH": "90TH",
}  # fmt: skip
"""Numeric street names (section 235): words and figures are one street."""

NAME_WORDS = {
    "ST": "SAINT", "STE": "SAINTE", "MT": "MOUNT", "MNT": "MOUNT", "MTN": "MOUNTAIN", "FT": "FORT", "PT": "POINT", "LK": "LAKE",
    "SPGS": "SPRINGS", "SPG": "SPRING", "HTS": "HEIGHTS", "CRK": "CREEK", "CK": "CREEK", "RDG": "RIDGE", "VLY": "VALLEY",
    "VLG": "VILLAGE", "MDW": "MEADOW", "MDWS": "MEADOWS", "HL": "HILL", "HLS": "HILLS", "PK": "PARK", "RIV": "RIVER", "RVR": "RIVER",
    "IS": "ISLAND", "ISL": "ISLAND", "GRV": "GROVE", "GLN": "GLEN", "BCH": "BEACH", "CTR": "CENTER", "CENTRE": "CENTER", "FRY": "FERRY",
    "HBR": "HARBOR", "HARBOUR": "HARBOR", "JCT": "JUNCTION", "PRT": "PORT", "SQ": "SQUARE", "TWP": "TOWNSHIP",
    "FLS": "FALLS", "CY": "CITY", "CTY": "CITY",
}  # fmt: skip
"""Words inside the names of streets and cities that are written short and long."""

COUNTRIES = frozenset({"USA", "US", "UNITED STATES", "UNITED STATES OF AMERICA", "CANADA", "CAN"})

STATES = {
    "ALABAMA": "AL", "ALASKA": "AK", "AMERICAN SAMOA": "AS", "ARIZONA": "AZ", "ARKANSAS": "AR", "CALIFORNIA": "CA", "COLORADO": "CO",
    "CONNECTICUT": "CT", "DELAWARE": "DE", "DISTRICT OF COLUMBIA": "DC", "FLORIDA": "FL", "GEORGIA": "GA", "GUAM": "GU", "HAWAII": "HI",
    "IDAHO": "ID", "ILLINOIS": "IL", "INDIANA": "IN", "IOWA": "IA", "KANSAS": "KS", "KENTUCKY": "KY", "LOUISIANA": "LA", "MAINE": "ME",
    "MARYLAND": "MD", "MASSACHUSETTS": "MA", "MICHIGAN": "MI", "MINNESOTA": "MN", "MISSISSIPPI": "MS", "MISSOURI": "MO", "MONTANA": "MT",
    "NEBRASKA": "NE", "NEVADA": "NV", "NEW HAMPSHIRE": "NH", "NEW JERSEY": "NJ", "NEW MEXICO": "NM", "NEW YORK": "NY",
    "NORTH CAROLINA": "NC", "NORTH DAKOTA": "ND", "NORTHERN MARIANA ISLANDS": "MP", "OHIO": "OH", "OKLAHOMA": "OK", "OREGON": "OR",
    "PENNSYLVANIA": "PA", "PUERTO RICO": "PR", "RHODE ISLAND": "RI", "SOUTH CAROLINA": "SC", "SOUTH DAKOTA": "SD", "TENNESSEE": "TN",
    "TEXAS": "TX", "UTAH": "UT", "VERMONT": "VT", "VIRGIN ISLANDS": "VI", "VIRGINIA": "VA", "WASHINGTON": "WA", "WEST VIRGINIA": "WV",
    "WISCONSIN": "WI", "WYOMING": "WY",
    "ARMED FORCES AMERICAS": "AA", "ARMED FORCES EUROPE": "AE", "ARMED FORCES PACIFIC": "AP",
}  # fmt: skip
"""Appendix B, with the territories and the armed forces' regions."""

PROVINCES = {
    "ALBERTA": "AB", "BRITISH COLUMBIA": "BC", "MANITOBA": "MB", "NEW BRUNSWICK": "NB", "NEWFOUNDLAND AND LABRADOR": "NL",
    "NEWFOUNDLAND": "NL", "NORTHWEST TERRITORIES": "NT", "NOVA SCOTIA": "NS", "NUNAVUT": "NU", "ONTARIO": "ON",
    "PRINCE EDWARD ISLAND": "PE", "QUEBEC": "QC", "SASKATCHEWAN": "SK", "YUKON": "YT", "YUKON TERRITORY": "YT",
}  # fmt: skip
"""Canada Post's provinces and territories."""

REGIONS = {
    **STATES, **{code: code for code in STATES.values()}, **PROVINCES, **{code: code for code in PROVINCES.values()}, "PQ": "QC",
}  # fmt: skip
"""Every name and code of a state or province with its code."""

CANADIAN = frozenset(PROVINCES.values())

_ZIP_PREFIXES = """
005 NY 006-007 PR 008 VI 009 PR 010-027 MA 028-029 RI 030-038 NH 039-049 ME 050-054 VT 055 MA 056-059 VT 060-069 CT 070-089 NJ
090-098 AE 100-149 NY 150-196 PA 197-199 DE 200 DC 201 VA 202-205 DC 206-219 MD 220-246 VA 247-268 WV 270-289 NC 290-299 SC
300-319 GA 320-339 FL 340 AA 341-349 FL 350-369 AL 370-385 TN 386-397 MS 398-399 GA 400-427 KY 430-459 OH 460-479 IN 480-499 MI
500-528 IA 530-549 WI 550-567 MN 570-577 SD 580-588 ND 590-599 MT 600-629 IL 630-658 MO 660-679 KS 680-693 NE 700-714 LA
716-729 AR 730-731 OK 733 TX 734-749 OK 750-799 TX 800-816 CO 820-831 WY 832-838 ID 840-847 UT 850-865 AZ 870-884 NM 885 TX
889-898 NV 900-961 CA 962-966 AP 967-968 HI 969 GU 970-979 OR 980-994 WA 995-999 AK
"""


def _prefixes() -> dict[str, str]:
    words = _ZIP_PREFIXES.split()
    found = {}
    for span, state in zip(words[::2], words[1::2], strict=True):
        low, _, high = span.partition("-")
        for prefix in range(int(low), int(high or low) + 1):
            found[f"{prefix:03}"] = state
    return found


ZIP_STATES = _prefixes()
"""The state that a ZIP's first three digits lie in."""
