"""The figures of an overview, counted from exported tables: standard library only, no word of Usher's code.

A seat is judged at midnight of UTC, by the first rule that fits: protected, on leave, new (assigned less than 30 days ago), redundant
(an app seat of somebody with a platform seat), never used, idle (90 days and more, leaves not counted), in use.
"""
import collections

DAY_MS = 24 * 60 * 60 * 1000
USED_WITHIN_DAYS = (1, 7, 30, 90)
IDLE_AFTER_DAYS = 90
NEW_FOR_DAYS = 30


def verdict(seat, last_ms, leaves, has_platform_seat, judged_ms):
    since_ms = max(seat["assigned_at"], last_ms or 0)
    away_ms = sum(max(0, min(until, judged_ms) - max(begin, since_ms)) for begin, until in leaves)
    if seat["protected"]:
        return "protected"
    if any(begin <= judged_ms < until for begin, until in leaves):
        return "on_leave"
    if judged_ms - seat["assigned_at"] < NEW_FOR_DAYS * DAY_MS:
        return "new"
    if seat["app"] and has_platform_seat:
        return "redundant"
    if last_ms is None:
        return "never_used"
    return "idle" if max(0, judged_ms - since_ms - away_ms) // DAY_MS >= IDLE_AFTER_DAYS else "in_use"


def figures(seats, activities, leaves, now_ms):
    """{app or "": (held, used in 1, 7, 30, 90 days, never used, idle, redundant, wasted)}; `seats` as dictionaries, `activities` as
    {(kind of seat, user, app): ms}, `leaves` as {user: [(from, until)]}."""
    judged_ms = now_ms // DAY_MS * DAY_MS
    held = [seat for seat in seats if seat["held"] and (seat["expires_at"] is None or now_ms < seat["expires_at"])]
    platform = {seat["user"] for seat in held if not seat["app"]}
    newest = collections.defaultdict(int)
    for (kind, user, app), time_ms in activities.items():
        key = (user, app if kind == "per_user_per_app" else "")
        newest[key] = max(newest[key], time_ms)
    found = collections.defaultdict(collections.Counter)
    for seat in held:
        counts = found[seat["app"]]
        last_ms = newest.get((seat["user"], seat["app"]))
        counts["held"] += 1
        for days in USED_WITHIN_DAYS:
            counts[days] += last_ms is not None and last_ms // DAY_MS > now_ms // DAY_MS - days
        counts[verdict(seat, last_ms, leaves.get(seat["user"], []), seat["user"] in platform, judged_ms)] += 1
    return {app: (counts["held"], *(counts[days] for days in USED_WITHIN_DAYS), counts["never_used"], counts["idle"],
                  counts["redundant"], counts["idle"] + counts["never_used"] + counts["redundant"])
            for app, counts in found.items()}
