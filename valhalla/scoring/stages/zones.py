"""In which states and time zones a lead may be, by the state of the owner and the area code of the phone number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# State, its time zones (of America/; Honolulu is of Pacific/) and area codes. From the prefix tables of Google's
# libphonenumber (Apache License 2.0; the Python package phonenumbers 9.0.43): each geographic area code of the fifty states, D.C.,
# Puerto Rico and Canada. A code that spans a border of zones has both, the larger part first. 689, 474 and 879 are overlays, which that
# table puts into the wrong zone; 867 is that of all three territories.
_TABLE = """
AK Anchorage+Adak 907
AL Chicago 205 251 256 334 659 938
AR Chicago 327 479 501 870
AZ Phoenix 480 520 602 623
AZ Phoenix+Denver 928
CA Los_Angeles 209 213 279 310 323 341 350 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 738 747 760 805 818 820 831 840 858 909 916 925 949 951
CO Denver 303 719 720 748 970 983
CT New_York 203 475 860 959
DC New_York 202 771
DE New_York 302
FL Chicago+New_York 448 850
FL New_York 239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954
GA New_York 229 404 470 478 678 706 762 770 912 943
HI Honolulu 808
IA Chicago 319 515 563 641 712
ID Boise+Los_Angeles 208 986
IL Chicago 217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 872
IN Chicago+New_York 219
IN New_York 260 317 463 765
IN New_York+Chicago 574 812 930
KS Chicago 316 913
KS Chicago+Denver 620 785
KY Chicago+New_York 270 364
KY New_York 502 859
KY New_York+Chicago 606
LA Chicago 225 318 337 504 985
MA New_York 339 351 413 508 617 774 781 857 978
MD New_York 227 240 301 410 443 667
ME New_York 207
MI New_York 231 248 269 313 517 586 616 734 810 947 989
MI New_York+Chicago 906
MN Chicago 218 320 507 612 651 763 952
MO Chicago 235 314 417 557 573 636 660 816 975
MS Chicago 228 601 662 769
MT Denver 406
NC New_York 252 336 472 704 743 828 910 919 980 984
ND Chicago+Denver 701
NE Chicago 402 531
NE Chicago+Denver 308
NH New_York 603
NJ New_York 201 551 609 640 732 848 856 862 908 973
NM Denver 505 575
NV Los_Angeles 702 725
NV Los_Angeles+Denver 775
NY New_York 212 315 329 332 347 363 516 518 585 607 631 646 680 716 718 838 845 914 917 929 934
OH New_York 216 220 234 283 326 330 380 419 440 513 567 614 740 937
OK Chicago 405 539 572 580 918
OR Los_Angeles 503 971
OR Los_Angeles+Boise 458 541
PA New_York 215 223 267 272 412 445 484 570 582 610 717 724 814 835 878
RI New_York 401
SC New_York 803 821 839 843 854 864
SD Chicago+Denver 605
TN Chicago 615 629 731 901 931
TN New_York 865
TN New_York+Chicago 423
TX Chicago 210 214 254 281 325 346 361 409 430 432 469 512 682 713 726 737 806 817 830 832 903 936 940 945 956 972 979
TX Denver 915
UT Denver 385 435 801
VA New_York 276 434 540 571 686 703 757 804 826 948
VT New_York 802
WA Los_Angeles 206 253 360 425 509 564
WI Chicago 262 274 353 414 534 608 715 920
WV New_York 304 681
WY Denver 307
PR Puerto_Rico 787 939
AB Edmonton 368 403 587 780 825
BC Vancouver 236 604 672 778
BC Vancouver+Edmonton 250
MB Winnipeg 204 431 584
NB Halifax 428 506
NL St_Johns+Halifax 709 879
NS Halifax 782 902
NT Edmonton
NU Toronto+Winnipeg+Edmonton
ON Toronto 226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 905 942
ON Toronto+Winnipeg 807
PE Halifax
QC Toronto 263 354 367 418 438 450 468 514 579 581 819 873
SK Regina 306 474 639
YT Whitehorse+Edmonton+Winnipeg+Toronto 867
"""


def _read(table: str) -> tuple[dict[str, tuple[str, ...]], dict[int, tuple[str, tuple[str, ...]]]]:
    states: dict[str, dict[str, None]] = {}
    codes: dict[int, tuple[str, tuple[str, ...]]] = {}
    for line in table.split("\n"):
        if not line:
            continue
        state, names, *numbers = line.split(" ")
        zones = tuple(("Pacific/" if name == "Honolulu" else "America/") + name for name in names.split("+"))
        states.setdefault(state, {}).update(dict.fromkeys(zones))
        for number in numbers:
            codes[int(number)] = (state, zones)
    return {state: tuple(zones) for state, zones in states.items()}, codes


_states, _codes = _read(_TABLE)
STATE_ZONES: Mapping[str, tuple[str, ...]] = _states
"""IANA time zones by state."""
AREA_CODES: Mapping[int, tuple[str, tuple[str, ...]]] = _codes
"""(State, IANA time zones) by area code."""


def area_code(phone_key: int | None) -> int | None:
    """The area code of a North American number given as E.164 digits, else None."""
    if phone_key is None or not 12_000_000_000 <= phone_key <= 19_999_999_999:
        return None
    return phone_key // 10_000_000 % 1000


class Place(NamedTuple):
    """Where somebody may be: a state or province (None: not known) and its time zones."""

    region: str | None
    zones: tuple[str, ...]


def places_of(state: str | None, phone_key: int | None, operator_zone: str) -> tuple[Place, ...]:
    """Every place that the lead may be in, where ``state`` is that of the owner's mail, else of the property.

    The area code narrows a state with several zones. A number from another state than that adds its place: the owner may
    live there. With neither it is the operator's zone.
    """
    by_state = STATE_ZONES.get(state, ()) if state is not None else ()
    code = area_code(phone_key)
    home, by_code = AREA_CODES.get(code, (None, ())) if code is not None else (None, ())
    if by_code and (home == state or not by_state):
        return (Place(home, by_code),)
    found = [Place(*place) for place in ((state, by_state), (home, by_code)) if place[1]]
    return tuple(found) or (Place(None, (operator_zone,)),)


def zones_of(state: str | None, phone_key: int | None, operator_zone: str) -> tuple[str, ...]:
    """The time zones of :func:`places_of`, each once."""
    places = places_of(state, phone_key, operator_zone)
    return tuple(dict.fromkeys(zone for place in places for zone in place.zones))
