"""A payroll of 50,000 lines asked at POST /api/verification/batches of a running demonstration, three times.

    python3 bench/payroll.py DATA/demo.json PID

Each line is a person of the population with two things to compare, and leaves a durable act she can see. Prints lines a
second and the program's own CPU time for a line; the limit beside it is the acts a second that `bench acts` prints.
"""
import base64
import json
import sqlite3
import sys
import time
import urllib.request
from pathlib import Path

LINES = 50_000

demo_file, pid = Path(sys.argv[1]), sys.argv[2]
demo = json.loads(demo_file.read_text())
verifier = next(one for one in demo["verifiers"] if one["id"] == "payroll")


def send(path, body, headers):
    return urllib.request.urlopen(urllib.request.Request(demo["base_url"] + path, data=body, headers=headers)).read()


def cpu_seconds():
    """User and system time of the program (proc(5): fields 14 and 15, in hundredths of a second)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


basic = base64.b64encode(f"{verifier['id']}:{verifier['secret']}".encode()).decode()
form = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
token = json.loads(send("/oauth2/token", b"grant_type=client_credentials&scope=verification", form))["access_token"]

with sqlite3.connect(next(demo_file.parent.glob("*.db"))) as database:
    rows = database.execute("SELECT key FROM registers_record WHERE register = 'civil-person' LIMIT ?", (LINES,))
    numbers = [row[0] for row in rows]
lines = [
    {"number": numbers[place % len(numbers)], "reference": f"e{place}", "compare": {"given": "Lineo", "born": "1980-01-01"}}
    for place in range(LINES)
]
body = "\n".join(json.dumps(line) for line in lines).encode()
for _ in range(3):
    cpu, begun = cpu_seconds(), time.time()
    answer = send("/api/verification/batches?purpose=payroll", body, {"authorization": f"Bearer {token}"})
    took, totals = time.time() - begun, json.loads(answer.splitlines()[-1])["totals"]
    each = (cpu_seconds() - cpu) / LINES * 1e6
    print(f"payroll of {totals['lines']} lines: {LINES / took:.0f} lines a second, {each:.0f} µs CPU a line")
