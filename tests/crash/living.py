"""A process that works on a home until it is killed: reads lists, records outcomes, sets settings; and says what it has saved.

``python living.py HOME SEED`` prints a line for everything that was told to be saved, and for each chunk that was read.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from valhalla.intake.importer import import_file
from valhalla.intake.request import Hooks, Request
from valhalla.leads import do_not_contact, suppression
from valhalla.leads.outcomes import Outcome, record
from valhalla.program.home import Home
from valhalla.program.settings import save
from valhalla.scoring.opening import open_home

ROWS = 400


def main() -> None:
    home, chance = Home(Path(sys.argv[1])), random.Random(int(sys.argv[2]))
    reading = Hooks(between=lambda progress: print("read a chunk", flush=True))
    with open_home(home) as database:
        save(database, "import.chunk_rows", "50")
        while True:
            stamp = chance.randrange(10**6)
            path = home.path / f"list-{chance.randrange(3)}.csv"
            part = path.with_suffix(".part")  # a list that is half written is another story
            rows = (
                f"Jo {who},jo{who}@example.com,{1000 + (stamp + who) % 97}"
                for who in range(chance.randrange(ROWS))
            )
            part.write_text("\n".join(["name,email,value", *rows, ""]), encoding="utf-8")
            part.replace(path)
            import_file(database, Request(str(path)), reading)
            for (lead,) in database.sql("SELECT id FROM lead ORDER BY random() LIMIT 3"):
                done = record(database, Outcome(lead, "contacted", database.clock()))
                print(f"outcome {done.id}", flush=True)
            save(database, "interval", str(1 + stamp % 80_000))
            print(f"interval {1 + stamp % 80_000}", flush=True)
            do_not_contact.add(database, [suppression.entry(f"no{stamp}@example.com")])
            print(f"kept out no{stamp}@example.com", flush=True)


if __name__ == "__main__":
    main()
