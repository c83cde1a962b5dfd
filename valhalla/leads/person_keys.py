"""What a person is looked up by in lists of any shape: the list's own id, e-mail, phone and name, name and address.

The order is that of :mod:`valhalla.leads.identity`, whose keys these extend: several numbers and e-mails of a row count, the
mailing address counts like the property's, and names and addresses are compared in normal form. Keys are signed 64-bit
digests and personal data. Anyone who finds another person by a key that has a name in it asks
:func:`valhalla.leads.owners.same_person` whether anything contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from valhalla.leads.addresses import Address
from valhalla.leads.identity import UNIT, email_key, key
from valhalla.leads.owners import Owner, name_keys
from valhalla.leads.properties import address_texts, line_text


def person_keys(
    owner: Owner | None,
    emails: Sequence[str] = (),
    phones: Sequence[int] = (),
    addresses: Iterable[Address | None] = (),
) -> tuple[int, ...]:
    """The keys of a person, strongest first.

    ``emails`` in lower case; ``phones`` as E.164 digits; ``addresses``: the mailing address and that of the property, in
    any order. A number or an address without a name is nobody's key: several people answer it.
    """
    found = [email_key(email) for email in emails]
    if owner is None:
        return tuple(found)
    names = name_keys(owner)
    found += [key(f"pn{UNIT}{phone}{UNIT}{name}") for phone in phones for name in names]
    texts: dict[str, None] = {}
    for address in addresses:
        if address is not None:
            known = [text for text in address_texts(address) if text]
            texts.update(dict.fromkeys(known or filter(None, [line_text(address)])))
    found += [key(f"an{UNIT}{text}{UNIT}{name}") for text in texts for name in names]
    return tuple(dict.fromkeys(found))
