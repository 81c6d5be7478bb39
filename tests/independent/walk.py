"""Walks `seat_activities` page by page over HTTP, the way the documents describe it and nothing more."""

PATH = "/open-apis/apaas/v1/seat_activities"


def walk(connection, token, page_size, seat_type="per_user"):
    """Gives every row in the order met. Raises when an answer breaks a rule of paging."""
    rows, page_token, seen = [], None, set()
    while True:
        query = {"seat_type": seat_type, "page_size": str(page_size)}
        if page_token is not None:
            query["page_token"] = page_token
        status, answer = connection.get(PATH, query, token)
        if status != 200 or answer["code"] != 0:
            raise AssertionError("page %d: HTTP %d %s" % (len(seen) + 1, status, answer))
        data = answer["data"]
        rows += [(row["user_id"], row["namespace"], row["status"], row["active_time"]) for row in data["items"]]
        if len(data["items"]) > page_size:
            raise AssertionError("%d rows on a page of %d" % (len(data["items"]), page_size))
        if not data["has_more"]:
            if "page_token" in data:
                raise AssertionError("the last page carries a page_token")
            return rows
        page_token = data["page_token"]
        if not data["items"] or not page_token or page_token in seen:
            raise AssertionError("a page with more to come has no rows, or a page_token that is empty or repeated")
        seen.add(page_token)
