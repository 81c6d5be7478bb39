#!/usr/bin/env python3
"""Judges the recorded history of races for seats. Shares no code with Usher.

  tests/races/check.py ROUNDS [RACERS]     runs the races and judges them
  tests/races/check.py --history FILE|-    judges a history that is there

A history has one JSON object per line: round, call, user, time, in_use, begin, end, answer. Beginnings and ends of all
calls stand in one order; a call that ends before another begins happened before it. What must hold is in `judge`.
Before any history is judged as a whole, copies of its first rounds are broken on purpose, and each must be found out.
"""
import copy
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RACERS = 1000
# Rounds of the history that are broken on purpose: enough that each kind of ending is among them.
ROUNDS_BROKEN = 60


def of(calls, name):
    return [call for call in calls if call["call"] == name]


def judge(calls, racers):
    """What is wrong with a round; nothing when it is right."""
    wrong = []
    ticks = [tick for call in calls for tick in (call["begin"], call["end"])]
    if len(set(ticks)) != len(ticks) or any(call["begin"] >= call["end"] for call in calls):
        wrong.append("the order of beginnings and ends is no order")
    judge_the_race(calls, racers, wrong)
    judge_the_reclaim(calls, wrong)
    return wrong


def judge_the_race(calls, racers, wrong):
    assigns = of(calls, "assign")
    if len(assigns) != racers or len({call["user"] for call in assigns}) != racers:
        wrong.append(f"{len(assigns)} callers raced, not {racers}")
    winners = [call for call in assigns if call["answer"] == "created"]
    losers = [call for call in assigns if call["answer"] == "pool_exhausted"]
    if len(winners) != 1 or len(losers) != len(assigns) - 1:
        wrong.append(f"{len(winners)} won and {len(losers)} lost")
        return
    winner = winners[0]
    for loser in losers:
        if loser["end"] < winner["begin"]:
            wrong.append(f"user {loser['user']} was told that no seat is free before anybody had asked for it")
    seen = of(calls, "observe")
    if any(call["in_use"] not in (0, 1) for call in seen):
        wrong.append(f"in use: {[call['in_use'] for call in seen]}, of one that was bought")
    raced_until = max(call["end"] for call in assigns)
    later = [call["begin"] for call in calls if call["call"] in ("reclaim", "access", "take_back")]
    between = [call for call in seen if call["begin"] > raced_until and call["end"] < min(later, default=0)]
    if not between or any(call["in_use"] != 1 for call in between):
        wrong.append("after the race not exactly one seat was in use")
    if any(call["user"] != winner["user"] for call in of(calls, "reclaim") + of(calls, "access")):
        wrong.append("somebody other than the winner was reclaimed from")


def judge_the_reclaim(calls, wrong):
    accesses, reclaims = of(calls, "access"), of(calls, "reclaim")
    done = [call for call in reclaims if call["answer"] == "updated"]
    if len(done) > 1:
        wrong.append("one seat was reclaimed twice")
    for reclaim in reclaims:
        newer = [a for a in accesses if a["answer"] == "admitted" and a["time"] >= reclaim["time"]]
        if reclaim["answer"] == "updated" and newer:
            # Whoever was let in since keeps the seat; whoever came after the reclaim must have been denied.
            wrong.append(f"the seat was reclaimed although {len(newer)} newer accesses were acknowledged")
        if reclaim["answer"] == "seat_used" and not any(a["begin"] < reclaim["end"] for a in newer):
            wrong.append("a reclaim was refused for an access that nobody made")
        if reclaim["answer"] == "unchanged" and not any(d["begin"] < reclaim["end"] for d in done):
            wrong.append("a reclaim found nothing to take before anybody had taken it")
        if reclaim["answer"] not in ("updated", "unchanged", "seat_used"):
            wrong.append(f"a reclaim was answered {reclaim['answer']!r}")
    for access in accesses:
        if access["answer"] == "refused" and not any(d["begin"] < access["end"] for d in done):
            wrong.append("an access was denied although the seat had not been reclaimed")
        if access["answer"] == "admitted" and any(d["end"] < access["begin"] for d in done):
            wrong.append("an access was admitted through a seat that had been reclaimed")
    back = of(calls, "take_back")
    if len(back) != 1 or back[0]["answer"] != ("unchanged" if done else "updated"):
        wrong.append("what was left of the seat does not fit what was reclaimed")
    after = [call for call in of(calls, "observe") if back and call["begin"] > back[0]["end"]]
    if not after or any(call["in_use"] != 0 for call in after):
        wrong.append("after the round a seat was still in use")


def breakages(calls):
    """The round, broken in every way that it lends itself to: (what was done, the broken round)."""

    def broken(what, change, pick):
        found = [index for index, call in enumerate(calls) if pick(call)]
        if found:
            copied = copy.deepcopy(calls)
            change(copied, found[0])
            yield what, copied

    def answer(value):
        return lambda copied, index: copied[index].update(answer=value)

    def is_call(name, value):
        return lambda call: call["call"] == name and call["answer"] == value

    winner = next(call for call in calls if is_call("assign", "created")(call))

    def before_the_winner(copied, index):
        copied[index].update(begin=winner["begin"] - 0.7, end=winner["begin"] - 0.3)

    def in_use(value):
        return lambda copied, index: copied[index].update(in_use=value)

    yield from broken("a second winner", answer("created"), is_call("assign", "pool_exhausted"))
    yield from broken("no winner", answer("pool_exhausted"), is_call("assign", "created"))
    yield from broken("a loser before the winner", before_the_winner, is_call("assign", "pool_exhausted"))
    yield from broken("two seats in use", in_use(2), is_call("observe", "seen"))
    yield from broken("a call left out", lambda copied, index: copied.pop(index), is_call("assign", "pool_exhausted"))
    yield from broken("a reclaim of a used seat", answer("updated"), is_call("reclaim", "seat_used"))
    yield from broken("a second reclaim", answer("updated"), is_call("reclaim", "unchanged"))
    yield from broken("a lost reclaim", answer("unchanged"), is_call("reclaim", "updated"))
    yield from broken("an access after the reclaim", answer("admitted"), is_call("access", "refused"))
    yield from broken("an access denied", answer("refused"), lambda call: is_call("access", "admitted")(call)
                      and not any(is_call("reclaim", "updated")(other) for other in calls))


def rounds(lines):
    calls = []
    for line in lines:
        call = json.loads(line)
        if call["call"] == "end":
            yield call["round"], calls
            calls = []
        else:
            calls.append(call)
    if calls:
        raise SystemExit("FAILED: the history ends within a round")


def check(lines, racers, expected_rounds):
    kept, found_out, overlooked = 0, {}, []
    judged = calls_judged = reclaimed = used = denied = 0
    failures = []
    for number, calls in rounds(lines):
        judged += 1
        calls_judged += len(calls)
        for wrong in judge(calls, racers or len(of(calls, "assign"))):
            failures.append(f"round {number}: {wrong}")
        answers = [(call["call"], call["answer"]) for call in calls]
        reclaimed += ("reclaim", "updated") in answers
        used += ("reclaim", "seat_used") in answers
        denied += ("access", "refused") in answers
        if kept < ROUNDS_BROKEN:
            kept += 1
            for what, broken in breakages(calls):
                if judge(broken, len(of(calls, "assign"))):
                    found_out[what] = found_out.get(what, 0) + 1
                else:
                    overlooked.append(f"round {number}: {what}")
    say("every round has one winner, never one seat too many, and no seat reclaimed after a newer access: "
        f"{judged} rounds, {calls_judged} calls", not failures and judged > 0, failures)
    say(f"{reclaimed} seats were reclaimed, {used} were kept for their use, {denied} rounds denied an access",
        reclaimed and used and denied, ["the races were too tame to show anything"])
    say(f"a broken history is found out: {found_out}", len(found_out) == 10 and not overlooked,
        overlooked or ["some breakage was never tried"])
    if expected_rounds is not None:
        say(f"all {expected_rounds} rounds are there", judged == expected_rounds, [f"{judged} were recorded"])
    return 0 if not say.failed else 1


def say(what, fine, details):
    print(("ok: " if fine else "FAILED: ") + what)
    if not fine:
        say.failed = True
        for detail in details[:20]:
            print("  " + detail)


say.failed = False


def main(arguments):
    if arguments[:1] == ["--history"]:
        source = sys.stdin if arguments[1] == "-" else open(arguments[1], encoding="utf-8")
        return check(source, None, None)
    expected = int(arguments[0])
    racers = int(arguments[1]) if len(arguments) > 1 else RACERS
    folder = os.path.join(ROOT, "target", "tmp")
    os.makedirs(folder, exist_ok=True)
    command = ["cargo", "run", "--quiet", "--locked", "-p", "usher-door", "--example", "seat_races", "--"]
    process = subprocess.Popen([*command, str(expected), str(racers)], cwd=ROOT, stdout=subprocess.PIPE,
                               env={**os.environ, "SEAT_RACES_FOLDER": folder}, text=True)
    result = check(process.stdout, racers, expected)
    if process.wait() != 0:
        print("FAILED: the races did not end well")
        return 1
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
