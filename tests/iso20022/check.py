"""Every message we write against the published schemas, and a file of payments through a bank that is not ours."""
import glob
import json
import os
import subprocess
import sys
import time
import urllib.request

from lxml import etree

MESSAGES = sys.argv[1]
SCHEMAS = os.path.dirname(os.path.dirname(etree.__file__))
EXAMPLE = os.path.join(os.environ["TARGET"], "examples/bank_messages")
BANK = "http://127.0.0.1:8391"


def ok(truth, what, more=""):
    print(("ok " if truth else "not ok ") + what + (f": {more}" if more and not truth else ""), flush=True)


def ask(path, data=None, method=None, raw=False):
    request = urllib.request.Request(BANK + path, data=data, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        body = answer.read()
    return body if raw else json.loads(body)


def schema_of(name):
    return glob.glob(f"{SCHEMAS}/**/{name}.xsd", recursive=True)


def schemas():
    for path in sorted(glob.glob(f"{MESSAGES}/*.xml")):
        name = os.path.basename(path)[:-4]
        # The package calls its own pacs.004 a part of the schema, so it is not taken for it.
        found = [] if name.startswith("pacs.004") else schema_of(name)
        if not found:
            continue
        schema = etree.XMLSchema(etree.parse(found[0]))
        message = etree.parse(path)
        ok(schema.validate(message), f"{name} is valid against its schema", str(schema.error_log.last_error))
        # The schema must see: an element out of its place is refused.
        first = message.getroot()[0][0]
        first.append(first[0])
        ok(not schema.validate(message), f"{name} with an element out of place is not")


def classes(body):
    """No package at hand has the XSD of pacs.009; pyiso20022 has classes that were made from it."""
    from pyiso20022.pacs.pacs_009_001_08.pacs_009_001_08 import Document
    from xsdata.formats.dataclass.parsers import XmlParser
    from xsdata.formats.dataclass.serializers import XmlSerializer
    names = lambda data: [element.tag for element in etree.fromstring(data).iter()]
    try:
        again = XmlSerializer().render(XmlParser().from_bytes(body, Document)).encode()
        ok(names(again) == names(body), "pacs.009.001.08 is what the classes made from its schema write, in their order")
    except Exception as error:
        ok(False, "pacs.009.001.08 is read by classes made from its schema", str(error))
    try:
        XmlParser().from_bytes(body.replace(b"Dbtr>", b"Payer>"), Document)
        ok(False, "pacs.009.001.08 with an element that it does not have is not")
    except Exception:
        ok(True, "pacs.009.001.08 with an element that it does not have is not")


def settled(demo):
    """The day of a bank and two wallets in a demonstration: closed and settled as the hub's operator does, its files as they come."""
    with open(demo) as file:
        switch = json.load(file)["switch"]

    def run(method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        head = {"authorization": f"Bearer {switch['operator_token']}", "content-type": "application/json"}
        request = urllib.request.Request(switch["admin_url"] + path, data=data, method=method, headers=head)
        with urllib.request.urlopen(request, timeout=20) as answer:
            said = answer.read()
        return json.loads(said) if "/files/" not in path else said

    def flows():
        accounts = [one for fsp in ("demo-bank", "mpesa", "ecocash", "government") for one in run("GET", f"/participants/{fsp}/accounts")]
        return [round(one["value"] * 100) for one in accounts if one["ledgerAccountType"] == "POSITION"]

    # The government's bill is the last that is paid on the first day.
    for _ in range(240):
        if flows()[3] != 0:
            break
        time.sleep(0.5)
    window = run("GET", "/v2/settlementWindows?state=OPEN")[0]["settlementWindowId"]
    run("POST", f"/v2/settlementWindows/{window}", {"state": "CLOSED", "reason": "end of day"})
    settlement = run("POST", "/v2/settlements", {"settlementModel": "DEFERREDNET", "reason": "day", "settlementWindows": [{"id": window}]})
    for state in ("PS_TRANSFERS_RECORDED", "PS_TRANSFERS_RESERVED", "PS_TRANSFERS_COMMITTED", "SETTLED"):
        accounts = lambda one: [{"id": own["id"], "reason": "day", "state": state, "externalReference": "bank-1"} for own in one["accounts"]]
        moved = {"participants": [{"id": one["id"], "accounts": accounts(one)} for one in settlement["participants"]]}
        last = run("PUT", f"/v2/settlements/{settlement['id']}", moved)
    ok(last["state"] == "SETTLED", "the day of a bank, two wallets and the government is settled", str(last))
    nets = {own["id"]: round(own["netSettlementAmount"]["amount"] * 100) for one in settlement["participants"] for own in one["accounts"]}
    ok(len(nets) == 4 and sum(nets.values()) == 0 and any(nets.values()), "what each pays and receives comes to nothing", str(nets))
    schema = etree.XMLSchema(etree.parse(schema_of("camt.053.001.08")[0]))
    file = lambda name: run("GET", f"/settlements/{settlement['id']}/files/{name}")
    statements = {account: etree.fromstring(file(f"{account}.camt.053.xml")) for account in nets}
    ok(all(schema.validate(one) for one in statements.values()), "each participant's camt.053 is valid against its schema", str(schema.error_log.last_error))
    said = {}
    for account, one in statements.items():
        entry = one.find(".//{*}Ntry")
        size = round(float(entry.find("{*}Amt").text) * 100)
        said[account] = size if entry.find("{*}CdtDbtInd").text == "DBIT" else -size
    ok(said == nets, "and says what its net is", f"{said} {nets}")
    orders = file("LSL.pacs.009.xml")
    classes(orders)
    amounts = [round(float(one.text) * 100) for one in etree.fromstring(orders).iterfind(".//{*}CdtTrfTxInf/{*}IntrBkSttlmAmt")]
    ok(sorted(amounts) == sorted(map(abs, nets.values())), "the orders are for these amounts", f"{amounts} {nets}")


def read(body):
    path = os.path.join(MESSAGES, "theirs.xml")
    with open(path, "wb") as file:
        file.write(body)
    said = subprocess.run([EXAMPLE, "read", path], capture_output=True, text=True)
    os.remove(path)
    return said.stdout.splitlines() if said.returncode == 0 else [f"refused {said.stderr.strip()}"]


def mailbox():
    return [(it["type"] if "type" in it else it.get("message", ""), it["xml"] if "xml" in it else it["body"]) for it in ask("/_mock/mailbox")]


def bank():
    for _ in range(100):
        try:
            ask("/_mock/health")
            break
        except OSError:
            time.sleep(0.1)
    ask("/_mock/accounts/ACME", json.dumps({"behaviour": "accept"}).encode(), "PATCH")
    pay = [EXAMPLE, "pay", "NL41MOCK0000000001", "EUR", "2026-11-26", "LET-1", "NL14MOCK0000000002", "NL84MOCK0000000003", "NL91ABNA0417164300"]
    file = subprocess.run(pay, capture_output=True, check=True).stdout
    findings = ask("/_mock/validate", file, raw=True).decode()
    ok("0 findings" in findings, "mock-bank finds nothing wrong with our pain.001", findings)
    ask("/payments", file)
    ask("/_mock/advance?days=5", b"", "POST")
    kinds, said = {}, []
    for kind, body in mailbox():
        lines = read(body.encode())
        kinds.setdefault(kind[:8], []).append(lines)
        said += lines
    ok(not any(line.startswith("refused") for line in said), "every message of mock-bank is understood", "\n".join(said))
    ok("pain.002" in kinds and "camt.053" in kinds and "camt.054" in kinds, "it sends pain.002, camt.054 and camt.053", str(list(kinds)))
    ok(any(line.startswith("status LET-1-2 RJCT AC04") for line in said), "a closed account is rejected with AC04", "\n".join(said))
    debits = [line for line in said if line.startswith("entry Debit EUR 10.00 LET-1-1") or line.startswith("entry Debit EUR 30.00 LET-1-3")]
    ok(len(debits) >= 4, "what was paid is on notification and statement", "\n".join(said))


def returned():
    """The payee's bank keeps the money for some days, and sends it back."""
    ask("/_mock/reset", b"", "POST")
    ask("/_mock/accounts/ACME", json.dumps({"behaviour": "return-later"}).encode(), "PATCH")
    pay = [EXAMPLE, "pay", "NL41MOCK0000000001", "EUR", "2026-11-26", "LET-2", "NL91ABNA0417164300"]
    ask("/payments", subprocess.run(pay, capture_output=True, check=True).stdout)
    ask("/_mock/advance?days=10", b"", "POST")
    said = [line for _, body in mailbox() for line in read(body.encode())]
    back = any(line.startswith("returned LET-2-1 EUR 10.00") for line in said)
    ok(back, "a payment that comes back days later is told by pacs.004", "\n".join(said))


if len(sys.argv) > 2:
    settled(sys.argv[2])
else:
    schemas()
    with open(f"{MESSAGES}/pacs.009.001.08.xml", "rb") as file:
        classes(file.read())
    bank()
    returned()
