"""Sets Debian's glewlwyd up beside the others: SQLite on disk, ES256, a client with a secret, refresh tokens good once.

    python3 glewlwyd.py FOLDER PORT CLIENT SECRET REDIRECT

Prepares the folder, starts the program, tells it over its own interface what to be, and prints its process number.
"""
import gzip
import http.cookiejar
import json
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

folder, port, client, secret, redirect = Path(sys.argv[1]), sys.argv[2], *sys.argv[3:6]
base = f"http://localhost:{port}"
schema = gzip.open("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz", "rt").read()
with sqlite3.connect(folder / "glewlwyd.db") as database:
    database.executescript(schema)
settings = [line for line in Path("/etc/glewlwyd/glewlwyd.conf").read_text().splitlines() if not line.startswith("@include")]
text = "\n".join(settings).replace("port=4593", f"port={port}").replace("http://localhost:4593/", base)
text = text.replace("/var/log/glewlwyd.log", str(folder / "glewlwyd.log")).replace('log_level="INFO"', 'log_level="ERROR"')
text += f'\ndatabase = {{ type = "sqlite3"; path = "{folder}/glewlwyd.db"; }};\n'
(folder / "glewlwyd.conf").write_text(text)
program = subprocess.Popen(
    ["glewlwyd", "--config-file", str(folder / "glewlwyd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)
jar = http.cookiejar.CookieJar()
opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"content-type": "application/json"}, method=method)
    try:
        return opener.open(request).read()
    except urllib.error.HTTPError as error:
        sys.exit(f"glewlwyd refused {method} {path}: {error.code} {error.read().decode()}")


for _ in range(200):
    try:
        opener.open(f"{base}/config/")
        break
    except (urllib.error.URLError, ConnectionError):
        time.sleep(0.05)
call("POST", "/api/auth/", {"username": "admin", "password": "password"})
pem = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
key = subprocess.run(pem, capture_output=True, check=True, text=True).stdout
public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, capture_output=True, check=True, text=True).stdout
call("POST", "/api/mod/plugin/", {
    "module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "order_rank": 0,
    "parameters": {
        "iss": base, "jwt-type": "ecdsa", "jwt-key-size": "256", "key": key, "cert": public,
        "access-token-duration": 3600, "refresh-token-duration": 1209600, "code-duration": 600,
        "refresh-token-rolling": True, "refresh-token-one-use": "always", "allow-non-oidc": True,
        "auth-type-code-enabled": True, "auth-type-client-enabled": True, "auth-type-refresh-enabled": True,
        "auth-type-token-enabled": False, "auth-type-id-token-enabled": True, "auth-type-password-enabled": False,
        "auth-type-device-enabled": False, "subject-type": "public", "secret-type": "pairwise",
        "pkce-allowed": True, "pkce-method-plain-allowed": False, "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True, "request-parameter-allow": False,
        "scope": [], "additional-parameters": [], "claims": [], "jwks-show": True,
    },
})
call("POST", "/api/scope/", {"name": "profile", "display_name": "profile", "description": "who", "password_required": False,
                             "password_max_age": 0, "scheme": {}})
call("POST", "/api/client/", {
    "client_id": client, "name": client, "enabled": True, "confidential": True, "password": secret, "client_secret": secret,
    "redirect_uri": [redirect], "scope": ["profile"], "token_endpoint_auth_method": ["client_secret_basic"],
    "authorization_type": ["code", "client_credentials", "refresh_token"],
})
for place in range(12):
    call("POST", "/api/user/", {
        "username": f"person{place}", "name": "Lineo Mokhethi", "password": f"a secret of {place}", "enabled": True,
        "scope": ["openid", "profile"], "email": "",
    })
print(program.pid)
