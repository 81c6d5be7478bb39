#!/usr/bin/env python3
"""The whole flow by Authlib, which knows nothing of Usher: authorize, code, token, seat call, refresh, seat call."""
import os
import subprocess
import sys

from authlib.integrations.requests_client import OAuth2Session

BASE = os.environ["BASE_URL"]
REDIRECT_URI = "http://localhost:3000/callback"
SEATS = BASE + "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=2"
failed = 0


def check(name, right, seen=None):
    global failed
    failed += 0 if right else 1
    print("ok: authlib: %s" % name if right else "FAILED: authlib: %s\n   seen: %s" % (name, seen), flush=True)


def flow(path, method):
    client = OAuth2Session(os.environ["APP_ID"], os.environ["APP_SECRET"], redirect_uri=REDIRECT_URI,
                           scope="app_engine:seat_activities:read offline_access", code_challenge_method="S256",
                           token_endpoint_auth_method=method)
    verifier = "v" * 43 + method.replace("_", "-")
    url, state = client.create_authorization_url(BASE + "/open-apis/authen/v1/authorize", code_verifier=verifier)
    back = subprocess.run(os.environ["AUTHORIZE_CMD"], shell=True, env={**os.environ, "AUTHORIZE_URL": url}, text=True,
                          stdout=subprocess.PIPE, check=True).stdout.strip()
    name = "%s, %s" % (path, method)
    token = client.fetch_token(BASE + path, authorization_response=back, state=state, code_verifier=verifier)
    check("%s: the code gives a token" % name, token["access_token"].startswith("u-") and token["refresh_token"])
    seats = client.get(SEATS).json()
    check("%s: the token reads the seats" % name, seats["code"] == 0 and len(seats["data"]["items"]) == 2, seats)
    renewed = client.refresh_token(BASE + path, refresh_token=token["refresh_token"])
    check("%s: the refresh gives another pair" % name, renewed["access_token"] != token["access_token"]
          and renewed["refresh_token"] != token["refresh_token"])
    seats = client.get(SEATS).json()
    check("%s: the new token reads the seats" % name, seats["code"] == 0, seats)


for path in ("/open-apis/authen/v2/oauth/token", "/oauth/v3/token"):
    for method in ("client_secret_basic", "client_secret_post"):
        flow(path, method)
sys.exit(1 if failed else 0)
