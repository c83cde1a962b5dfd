"""What to do about an alert: a sentence, and the page on which it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Advice(NamedTuple):
    """``says``: a sentence. ``href``: the page; ``label``: what its button says."""

    says: str
    href: str | None = None
    label: str | None = None


IMPORTS, SAFETY, JOBS, EFFECTS = (
    ("/imports", "Imports"),
    ("/safety", "Safety"),
    ("/jobs", "Jobs"),
    ("/effects", "Effects"),
)

RULES: Mapping[str, Advice] = {
    "R1": Advice(
        "Open the file, mend what the reason names, and save it again; it is read by itself.", *IMPORTS
    ),
    "R2": Advice(
        "Look at the refused rows: most share one cause, which a mapping or a rule of the source can mend.",
        *IMPORTS,
    ),
    "R3": Advice(
        "The list has other columns than before. Look at its mapping and accept the one that fits.", *IMPORTS
    ),
    "R4": Advice(
        "The list is much shorter or longer than usual. Ask the person who sends it whether it is whole.",
        *IMPORTS,
    ),
    "R5": Advice(
        "The list repeats itself. Ask its seller for one without duplicates, or leave it: each is kept once.",
        *IMPORTS,
    ),
    "R6": Advice(
        "Decide on the changes that wait: take them over or keep what was known.", "/decisions", "Decisions"
    ),
    "R7": Advice("No list has come for longer than usual. Ask the source, or send the file again.", *IMPORTS),
    "R8": Advice(
        "The file is still being written. When nothing writes to it any more, close whatever holds it open.",
        *IMPORTS,
    ),
    "R9": Advice("Take the columns that nobody needs out of the list before it comes here.", *IMPORTS),
    "R10": Advice("Save the list as UTF-8, or set the encoding of its source.", *IMPORTS),
    "R11": Advice("Prices look filled in rather than known. Ask the source how it comes by them.", *IMPORTS),
    "R12": Advice(
        "Do not read results of this experiment before the cause of the uneven split is known.",
        "/experiments",
        "Experiments",
    ),
    "R13": Advice(
        "More or fewer deals close than predicted. Look at the outcomes entered; the rules may be too hopeful.",
        "/experiments",
        "Experiments",
    ),
    "R14": Advice("It was blocked. Find out how somebody on the do-not-contact list came into it.", *EFFECTS),
    "R15": Advice("Make room on the disk, or give the cycles more time.", *SAFETY),
    "R16": Advice("Import a fresh do-not-contact list.", "/settings/dnc", "Do not contact"),
    "R17": Advice("Look at what the import left behind, and read the list again when it is right.", *IMPORTS),
}

TASKS: tuple[tuple[str, Advice], ...] = (
    ("risk:monitoring", Advice("Switch the setting risk_monitoring on again.", "/settings#risk_monitoring", "Settings")),
    ("heartbeat:", Advice("The program stood still for a while. See that the computer neither sleeps nor is overloaded.", *SAFETY)),
    ("governor:", Advice("More was asked for than the limit allows. Wait for the window to pass, or raise the limit.", "/safety#governor", "Limits")),
    ("dry_run:", Advice("Nothing needs doing: the lock did its work. To send it, go live first.", *EFFECTS)),
    ("effect:", Advice("See what became of it, and decide whether it is tried again.", *EFFECTS)),
    ("import.", Advice("See which list it is and what it says, mend that, and have it read again.", *IMPORTS)),
    ("job:", Advice("See why it failed; when the cause is gone, try it again.", "/jobs?state=dead", "Failed jobs")),
    ("retry:", Advice("It was tried as often as allowed. When the cause is gone, try it again.", "/jobs?state=dead", "Failed jobs")),
    ("audit", Advice("Verify the file and keep the last good copy; see the guide for auditors.", "/audit", "Audit")),
)  # fmt: skip
"""By the beginning of the task's name."""

OTHERWISE = Advice("Look at what it is about; acknowledge it when you have seen to it.")


def advice(task: str, context: Mapping[str, Any]) -> Advice:
    """What to do about an alert of ``task``; ``context`` are its facts."""
    if task.startswith("risk:R"):
        return RULES.get(task.split(":")[1], OTHERWISE)
    found = next((says for begin, says in TASKS if task.startswith(begin)), OTHERWISE)
    job = context.get("job")
    if found.href == "/jobs?state=dead" and isinstance(job, int):
        return Advice(found.says, f"/jobs/{job}", f"Job {job}")
    number = task.partition(":")[2]
    if task.startswith("effect:") and number.isdecimal():
        return Advice(found.says, f"/effects/{number}", f"Effect {number}")
    return found
