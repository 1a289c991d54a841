"""How long after a death is registered the dead can still do something: sessions, tokens, verification.

    python3 bench/death.py DATA/demo.json [ROUNDS]

On a running demonstration, under load (payrolls asked in bulk and pages opened all the while). In each round everybody of the
cast signs in and lets a program in; a death is declared, judged and entered by two officers through the pages; from the moment
the registrar's form is sent three askers ask every 20 ms: the person's own page, the program's userinfo, and a payroll's
question. Measured is the time until the last of them is refused. Then the death is taken back by a court's order.
"""
import base64, hashlib, hmac, http.client, json, re, sys, threading, time
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

demo = json.loads(Path(sys.argv[1]).read_text())
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 2
base = urlsplit(demo["base_url"])


class Browser:
    """Cookies, forms with their token, redirects that stay on the site; one kept connection."""

    def __init__(self):
        self.cookies, self.body, self.path = {}, "", ""
        self.line = http.client.HTTPConnection(base.hostname, base.port)

    def ask(self, method, path, body=None, headers=None):
        headers = {"accept": "text/html", "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **(headers or {})}
        try:
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
        except (http.client.HTTPException, OSError):
            self.line.close()
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";")[0].split("=", 1)
                self.cookies[pair[0]] = pair[1]
                if "Max-Age=0" in value:
                    del self.cookies[pair[0]]
        return answer.status, answer.getheader("location") or "", text

    def follow(self, outcome):
        status, location, self.body = outcome
        while status == 303 and (location.startswith("/") or location.startswith(demo["base_url"])):
            self.path = location.removeprefix(demo["base_url"])
            status, location, self.body = self.ask("GET", self.path)
        return status, location

    def open(self, path):
        self.path = path
        return self.follow(self.ask("GET", path))

    def send(self, path, fields):
        token = re.search(r'name="_form" value="([^"]*)"', self.body)
        fields = {"_form": token.group(1) if token else "", **fields}
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": demo["base_url"]}
        return self.follow(self.ask("POST", path, urlencode(fields), headers))


def totp(secret):
    """RFC 6238 with SHA-1, six digits."""
    mac = hmac.digest(base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), "sha1")
    place = mac[19] & 15
    return f"{(int.from_bytes(mac[place:place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def sms(phone, after):
    """The newest code, once more messages came than were there before."""
    for _ in range(200):
        _, _, text = Browser().ask("GET", f"/api/inbox?to={quote(phone)}")
        messages = json.loads(text)["messages"]
        codes = [found.group(1) for one in messages if (found := re.search(r"\b(\d{6})\b", one.get("text") or one.get("body") or ""))]
        if len(messages) > after and codes:
            return codes[0]
        time.sleep(0.05)
    raise SystemExit(f"no code came to {phone}")


def signed_in(kind, login, secret, code):
    browser = Browser()
    browser.open("/sign-in?next=/account")
    browser.send("/oauth2/sign-in", {"kind": kind})
    browser.send("/oauth2/sign-in/login", {"login": login})
    before = 0
    if kind == "person":
        _, _, text = Browser().ask("GET", f"/api/inbox?to={quote(code)}")
        before = len(json.loads(text)["messages"])
    browser.send("/oauth2/sign-in/secret", {"secret": secret})
    browser.send("/oauth2/sign-in/code", {"code": sms(code, before) if kind == "person" else totp(code)})
    assert browser.path == "/account", browser.path
    return browser


def officer(login):
    part = next(one for one in demo["officers"] if one["login"] == login)
    return signed_in("officer", login, part["password"], part["totp"])


def basic(client):
    return "Basic " + base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()


FORM = {"content-type": "application/x-www-form-urlencoded"}


def access_token(browser):
    """The program demo-bank lets the person in."""
    client = next(one for one in demo["clients"] if one["id"] == "demo-bank")
    verifier = base64.urlsafe_b64encode(hashlib.sha256(str(time.time_ns()).encode()).digest()).decode().rstrip("=")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "client_id": client["id"], "redirect_uri": client["redirect_uris"][0], "scope": "openid profile",
        "state": "s", "nonce": "n", "code_challenge": challenge, "code_challenge_method": "S256",
    }
    _, location = browser.open("/oauth2/authorize?" + urlencode(asked))
    if "consent" in browser.path and not location:
        _, location = browser.send("/oauth2/sign-in/consent", {"claim": "name"})
    code = parse_qs(urlsplit(location).query)["code"][0]
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"], "code_verifier": verifier}
    _, _, text = Browser().ask("POST", "/oauth2/token", urlencode(body), {**FORM, "authorization": basic(client)})
    return json.loads(text)["access_token"]


payroll = next(one for one in demo["verifiers"] if one["id"] == "payroll")
_, _, text = Browser().ask("POST", "/oauth2/token", "grant_type=client_credentials&scope=verification", {**FORM, "authorization": basic(payroll)})
ASKER = {"authorization": "Bearer " + json.loads(text)["access_token"], "content-type": "application/json"}
stop = threading.Event()


def load(lines):
    """Payrolls and pages, without pause."""
    numbers = [one["id_number"] for one in demo["people"] if one.get("pin")]
    body = "\n".join(json.dumps({"number": numbers[n % len(numbers)], "reference": "l", "compare": {"given": "X"}}) for n in range(lines))
    browser = Browser()
    while not stop.is_set():
        browser.ask("POST", "/api/verification/batches?purpose=payroll", body, ASKER)
        browser.ask("GET", "/services")
        time.sleep(0.05)


def until_refused(ask, begun, out, name):
    """Asks every 20 ms (the program limits how often one address asks), and notes when it is first refused."""
    browser = Browser()
    while time.perf_counter() - begun < 30:
        if ask(browser):
            out[name] = time.perf_counter() - begun
            return
        time.sleep(0.02)
    out[name] = float("inf")


def declared(clerk, person, on):
    clerk.open("/civil/new/death")
    given, family = person["name"].rsplit(" ", 1)
    day = {"died-day": on.day, "died-month": on.month, "died-year": on.year}
    clerk.send("/civil/new/death", {
        "circumstance": "ordinary", "deceased_number": person["id_number"], "given": given, "family": family, **day, "sex": "female",
        "district": "maseru", "evidence": "medical-certificate", "informant": "Thabo",
    })
    assert "/civil/events/vit_" in clerk.path, clerk.path
    return clerk.path


def in_order(registrar, event):
    registrar.open(event)
    for _ in range(20):
        row = next((row for row in registrar.body.split("<tr>") if "tag wait" in row and "/alike/" in row), None)
        if row is None:
            break
        alike = re.search(r'href="([^"]*/alike/[^"]*)"', row).group(1)
        registrar.open(alike)
        registrar.send(alike, {"verdict": "different"})
        registrar.open(event)
    registrar.send(event, {"verdict": "validate", "words": ""})
    registrar.open(event)


def one_death(clerk, registrar, person):
    browser = signed_in("person", person["id_number"].replace(" ", ""), person["pin"], person["phone"])
    bearer = {"authorization": "Bearer " + access_token(browser), "accept": "application/json"}
    cookies = dict(browser.cookies)
    event = declared(clerk, person, date.today() - timedelta(days=1))
    in_order(registrar, event)
    question = json.dumps({"number": person["id_number"], "purpose": "payroll", "tell": ["alive"]})

    def session(asker):
        asker.cookies = dict(cookies)
        return asker.ask("GET", "/my/life")[0] == 303

    askers = {
        "session": session,
        "token": lambda asker: asker.ask("GET", "/oauth2/userinfo", None, bearer)[0] == 401,
        "verification": lambda asker: "deceased" in asker.ask("POST", "/api/verification/checks", question, ASKER)[2],
    }
    for name, ask in askers.items():
        assert not ask(Browser()), f"{name} was refused before the death"
    out, begun = {}, time.perf_counter()
    threads = [threading.Thread(target=until_refused, args=(ask, begun, out, name)) for name, ask in askers.items()]
    for thread in threads:
        thread.start()
    registrar.send(event + "/register", {})
    out["entered"] = time.perf_counter() - begun
    for thread in threads:
        thread.join()
    entry = re.search(r'href="(/civil/entries/death/[^"]*)"', registrar.body)
    assert entry, f"{registrar.path}: {re.sub('<[^>]*>', ' ', registrar.body.split('<main')[-1])[:600]}"
    entry = entry.group(1)
    registrar.open(entry)
    registrar.send(entry + "/annul", {"order": "CIV/APN/1/2026"})
    return out


def main():
    clerk, registrar = officer("lerato.molapo"), officer("neo.tlali")
    loaders = [threading.Thread(target=load, args=(500,), daemon=True) for _ in range(2)]
    for thread in loaders:
        thread.start()
    people = [one for one in demo["people"] if one.get("pin") and one.get("phone")]
    seen = [one_death(clerk, registrar, person) for _ in range(rounds) for person in people]
    stop.set()
    for name in ("entered", "session", "token", "verification", "everywhere"):
        each = sorted(max(one[k] for k in ("session", "token", "verification")) if name == "everywhere" else one[name] for one in seen)
        p50, p99 = each[len(each) // 2], each[min(len(each) - 1, int(len(each) * 0.99))]
        print(f"{name:<13} p50 {p50 * 1000:6.0f} ms  p99 {p99 * 1000:6.0f} ms  of {len(each)} deaths")


main()
