"""Simulates a week of many operators on many machines: how long lists wait, what it costs, and what breaks first.

``python3 scripts/simulate_fleet.py`` takes 10,000 operators with a thousand million leads between them; ``--operators`` and
``--leads`` take others. Each operator has a workspace with a file on one machine, and drops lists in the hours of a working day in
their time zone. Nothing is measured here but waiting: what a row, a job and a copied byte cost are constants, measured on two
virtual cores (docs/performance.md, docs/scaling.md), and prices are options.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import sys
from dataclasses import asdict, dataclass

NEW_US, SAME_US = 270.0, 10.0
"""CPU of a row that is new or changed, and of one that says what it said before: an export of forty columns."""

BYTES = 1_290
"""Of a lead in its file."""

QUEUE_PER_S = 150.0
"""Jobs per second of one PostgreSQL server on two busy cores that the workers use as well, each end on the disk."""

DIGEST_MINUTES = 15
"""Minutes from seven o'clock on over which digests begin, where they are spread."""

COPIED, VERIFIED = 200e6, 100e6
"""Bytes per second that come back from a protected copy, and that are verified before a file is opened."""

DAY, HOUR = 86_400.0, 3_600.0
LISTS = 5
"""Lists that an operator drops in a week."""

ZONES = ((0, 0.45), (1, 0.3), (2, 0.1), (3, 0.15))
"""Hours behind the East, and the share of operators there."""

WAIT = 600.0
"""Seconds that the slowest hundredth of lists may wait before it counts as broken."""


@dataclass(frozen=True)
class Week:
    """What came out."""

    operators: int
    leads: int
    machines: int
    lists: int
    wait_p50_s: float
    wait_p99_s: float
    busiest_hour_cpu: float
    """Share of all cores."""
    queue_peak: float
    """Jobs per second in the busiest minute."""
    queue_peak_share: float
    bytes: int
    largest_workspace_back_s: float
    """Until the largest file is served again by another machine when its machine dies."""
    machine_back_s: float
    """Until all files of the fullest machine are, spread over the others."""
    dollars_a_month: float
    cents_an_operator: float

    @property
    def broken(self) -> list[str]:
        """What is too slow or too full."""
        checks = (
            (self.wait_p99_s > WAIT, f"lists wait: the slowest hundredth {self.wait_p99_s / 60:.0f} minutes"),
            (self.queue_peak_share > 0.8, f"the queue's server: {self.queue_peak_share:.0%} of what it can"),
            (self.busiest_hour_cpu > 0.8, f"cores: {self.busiest_hour_cpu:.0%} in the busiest hour"),
            (
                self.largest_workspace_back_s > 60,
                f"the largest file is back after {self.largest_workspace_back_s:.0f} s",
            ),
        )
        return [says for is_so, says in checks if is_so]


def simulate(given: argparse.Namespace, operators: int, machines: int, seed: int = 1) -> Week:
    """One week."""
    chance = random.Random(seed)
    shape = [chance.lognormvariate(0, 1.0) for _ in range(operators)]
    share = given.leads / given.operators * operators / sum(shape)
    sizes = [max(100, int(each * share)) for each in shape]
    load = [(0, number) for number in range(machines)]
    place: list[int] = [0] * operators
    for operator in sorted(range(operators), key=lambda each: -sizes[each]):  # the fullest last
        held, machine = heapq.heappop(load)
        place[operator] = machine
        heapq.heappush(load, (held + sizes[operator], machine))
    zones = chance.choices([zone for zone, _ in ZONES], [weight for _, weight in ZONES], k=operators)
    lists, minutes = [], [0] * (7 * 24 * 60)
    for operator in range(operators):
        for _ in range(LISTS):
            day = chance.choices(range(5), (3, 1, 1, 1, 1))[0]  # most on Monday
            hour = min(18.0, max(7.0, chance.gauss(9.5, 1.5)))
            at = day * DAY + (hour + zones[operator]) * HOUR
            rows = sizes[operator] * chance.uniform(0.1, 1.0)
            renewed = chance.uniform(0.01, 0.10)
            lists.append((at, operator, rows * (renewed * NEW_US + (1 - renewed) * SAME_US) / 1e6))
            minutes[int(at // 60)] += 1
    for _ in range(operators):  # a protected copy each hour, a digest each day
        spread = chance.uniform(0, 60) if given.spread else 0
        for hour in range(7 * 24):
            minutes[int(hour * 60 + spread) % len(minutes)] += 1
        for day in range(7):
            late = int(chance.uniform(0, DIGEST_MINUTES)) if given.spread else 0
            minutes[day * 24 * 60 + 7 * 60 + late] += 1
    free = [[0.0] * given.cores for _ in range(machines)]
    waits, busy = [], [0.0] * (8 * 24)
    for at, operator, seconds in sorted(lists):
        cores = free[place[operator]]
        begins = max(at, cores[0])
        heapq.heapreplace(cores, begins + seconds)
        waits.append(begins - at)
        busy[min(len(busy) - 1, int(begins // HOUR))] += seconds
    waits.sort()
    fullest = max(held for held, _ in load) * BYTES
    size = sum(sizes) * BYTES
    dollars = machines * given.machine + size / 1e9 * (given.disk + given.copies) + given.server
    peak = max(minutes) / 60
    return Week(
        operators=operators,
        leads=sum(sizes),
        machines=machines,
        lists=len(lists),
        wait_p50_s=waits[len(waits) // 2],
        wait_p99_s=waits[len(waits) * 99 // 100],
        busiest_hour_cpu=max(busy) / HOUR / (machines * given.cores),
        queue_peak=peak,
        queue_peak_share=peak / QUEUE_PER_S,
        bytes=size,
        largest_workspace_back_s=max(sizes) * BYTES * (1 / COPIED + 1 / VERIFIED),
        machine_back_s=fullest * (1 / COPIED + 1 / VERIFIED) / max(1, machines - 1),
        dollars_a_month=dollars,
        cents_an_operator=100 * dollars / operators,
    )


def enough(given: argparse.Namespace, operators: int) -> Week:
    """The week with the fewest machines on which no list waits too long and no core is too busy."""
    low = max(2, math.ceil(operators * given.leads / given.operators * BYTES / (given.gigabytes * 1e9)))
    while True:
        week = simulate(given, operators, low)
        if week.wait_p99_s <= WAIT and week.busiest_hour_cpu <= 0.8:
            return week
        low = math.ceil(low * 1.25) + 1


def told(week: Week) -> str:
    """A week in lines."""
    return "\n".join(
        (
            f"{week.operators:,} operators, {week.leads:,} leads, {week.bytes / 1e12:.2f} TB on {week.machines} machines",
            (
                f"  lists a week {week.lists:,}: wait p50 {week.wait_p50_s:.0f} s, p99 {week.wait_p99_s:.0f} s; "
                f"cores in the busiest hour {week.busiest_hour_cpu:.0%}"
            ),
            f"  queue: {week.queue_peak:,.0f} jobs/s in the busiest minute, {week.queue_peak_share:.0%} of one server",
            (
                f"  a machine dies: the largest file is back after {week.largest_workspace_back_s:.0f} s, all of the fullest "
                f"machine after {week.machine_back_s:.0f} s"
            ),
            f"  ${week.dollars_a_month:,.0f} a month, {week.cents_an_operator:.0f} cents an operator",
        )
    )


def main(given: argparse.Namespace) -> int:
    """Print the week, then larger ones until something breaks."""
    first = enough(given, given.operators)
    weeks = [first]
    if not given.json:
        print(told(first))
        for each in first.broken:
            print(f"  too much: {each}")
    scale = 2
    while given.grow and not (weeks[-1].broken and scale > 2) and scale <= 64:
        weeks.append(enough(given, given.operators * scale))
        if not given.json:
            print(f"\n{scale} times as many:\n{told(weeks[-1])}")
            print(f"  breaks first: {'; '.join(weeks[-1].broken) or 'nothing'}")
        scale *= 2
    if given.json:
        print(json.dumps([{**asdict(week), "broken": week.broken} for week in weeks], indent=1))
    return 0


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operators", type=int, default=10_000)
    parser.add_argument("--leads", type=int, default=1_000_000_000, help="of all operators together")
    parser.add_argument("--cores", type=int, default=4, help="of a machine")
    parser.add_argument("--gigabytes", type=float, default=500, help="of files on a machine")
    parser.add_argument("--machine", type=float, default=60, help="dollars a month")
    parser.add_argument("--disk", type=float, default=0.10, help="dollars per GB and month")
    parser.add_argument(
        "--copies", type=float, default=0.05, help="dollars per GB and month, of protected copies"
    )
    parser.add_argument(
        "--server", type=float, default=120, help="dollars a month for PostgreSQL and its standby"
    )
    parser.add_argument(
        "--spread",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="copies over the hour, digests over a quarter of one",
    )
    parser.add_argument("--grow", action="store_true", help="double the operators until something breaks")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(options()))
