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


def schemas():
    for path in sorted(glob.glob(f"{MESSAGES}/*.xml")):
        name = os.path.basename(path)[:-4]
        # The package calls its own pacs.004 a part of the schema, so it is not taken for it.
        found = [] if name.startswith("pacs.004") else glob.glob(f"{SCHEMAS}/**/{name}.xsd", recursive=True)
        if not found:
            continue
        schema = etree.XMLSchema(etree.parse(found[0]))
        message = etree.parse(path)
        ok(schema.validate(message), f"{name} is valid against its schema", str(schema.error_log.last_error))
        # The schema must see: an element out of its place is refused.
        first = message.getroot()[0][0]
        first.append(first[0])
        ok(not schema.validate(message), f"{name} with an element out of place is not")


def classes():
    """No package at hand has the XSD of pacs.009; pyiso20022 has classes that were made from it."""
    from pyiso20022.pacs.pacs_009_001_08.pacs_009_001_08 import Document
    from xsdata.formats.dataclass.parsers import XmlParser
    from xsdata.formats.dataclass.serializers import XmlSerializer
    path = f"{MESSAGES}/pacs.009.001.08.xml"
    with open(path, "rb") as file:
        body = file.read()
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


schemas()
classes()
bank()
returned()
