"""Somebody else's client pays, is paid, asks and takes back, in the words that it knows of M-Pesa's OpenAPI."""
import contextlib
import io
import sys
import time

import pypesa
import requests

AT = "http://127.0.0.1:8396/ipg/v2/vodacomLES"
OURS = {"input_Country": "LES", "input_ServiceProviderCode": "171717"}


def ok(truth, what, more=""):
    print(("ok " if truth else "not ok ") + what + (f": {more}" if more and not truth else ""), flush=True)


def quietly(call, *given):
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*given)


# It sends what it asks of a transaction as the body of a GET; the operator's own library puts that into the address, as we do.
get = requests.get
requests.get = lambda url, json=None, **more: get(url, params=json, **more)


def client(key):
    known = quietly(pypesa)
    known.public_key = open(sys.argv[1]).read().strip()
    known.api_key = key
    known.urls.session_id = f"{AT}/getSession/"
    known.urls.single_stage_c2b = f"{AT}/c2bPayment/singleStage/"
    known.urls.single_stage_b2c = f"{AT}/b2cPayment/"
    known.urls.transaction_status = f"{AT}/queryTransactionStatus/"
    known.urls.payment_reversal = f"{AT}/reversal/"
    return known


def payment(number, of, amount="12.50"):
    return OURS | {
        "input_Amount": amount,
        "input_Currency": "LSL",
        "input_CustomerMSISDN": number,
        "input_ThirdPartyConversationID": of,
        "input_TransactionReference": "PP20260001",
        "input_PurchasedItemsDesc": "Passport",
        "input_PaymentItemsDesc": "Pension",
    }


theirs = client("the key of this application")


def stands(of):
    query = OURS | {"input_QueryReference": of, "input_ThirdPartyConversationID": "q"}
    return quietly(theirs.query_transaction_status, query)


def until(of, wanted):
    for _ in range(50):
        said = stands(of)
        if said.get("output_ResponseTransactionStatus") == wanted:
            return said
        time.sleep(0.1)
    return said


try:
    quietly(client("another key").get_session_id)
    ok(False, "a wrong key opens no session")
except Exception:
    ok(True, "a wrong key opens no session")

for call, name, number in [
    (theirs.customer_to_bussiness, "asking a payer", "26658001201"),
    (theirs.bussiness_to_customer, "paying a number", "26658001201"),
]:
    of = name.replace(" ", "_")
    taken = quietly(call, payment(number, of))
    ok(taken["output_ResponseCode"] == "INS-0", f"{name}: taken", taken)
    again = quietly(call, payment(number, of))
    ok(again["output_ResponseCode"] == "INS-10", f"{name}: once", again)
    done = until(of, "Completed")
    ok(done["output_ResponseTransactionStatus"] == "Completed", f"{name}: asked for by our own identifier", done)
    broken = quietly(call, payment(number, of + "_2", "1,250"))
    ok(broken["output_ResponseCode"] == "INS-15", f"{name}: an amount is not guessed at", broken)

quietly(theirs.customer_to_bussiness, payment("26658001202", "declined"))
ok(until("declined", "Cancelled")["output_ResponseTransactionStatus"] == "Cancelled", "a no is told as one")
unknown = quietly(theirs.customer_to_bussiness, payment("26658001211", "unknown"))
ok(unknown["output_ResponseCode"] == "INS-2051", "a number that the wallet does not know", unknown)

back = OURS | {
    "input_ReversalAmount": "12.50",
    "input_ThirdPartyConversationID": "back",
    "input_TransactionID": stands("asking_a_payer")["output_OriginalTransactionID"],
}
done = quietly(theirs.payment_reversal, back)
ok(done["output_ResponseCode"] == "INS-0", "money goes back by a reversal", done)
more = quietly(theirs.payment_reversal, back | {"input_ThirdPartyConversationID": "more"})
ok(more["output_ResponseCode"] != "INS-0", "and never more than was taken", more)
