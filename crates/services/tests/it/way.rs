//! The whole way of a case, from the first look at registers to a document that anybody can check.

use serde_json::{Value as Json, json};
use services::verify::{VerifyFault, verify};
use services::{CaseState, Catalogue, CatalogueError, Verdict};

use crate::bench::{Bench, officer, on_each, passport_answers, says};
use crate::country;

/// Changes one letter of a text inside a file without changing its length.
fn forged(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = file.to_vec();
    let place = out.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text is there");
    out[place..place + to.len()].copy_from_slice(to.as_bytes());
    out
}

#[test]
fn a_passport_is_renewed_from_the_first_question_to_the_checked_document() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        assert_eq!(bench.submit(&bench.lineo, case).await.unwrap(), CaseState::Paying);
        bench.pay(&bench.lineo, case).await;
        assert_eq!(bench.state(case).await, "examining");

        let (task, palesa) = (bench.task("passport-officer").await, officer("off_palesa", &["passport-officer"]));
        let services = bench.services.clone();
        bench.write(&palesa, move |cx| services::claim(cx, task)).await.unwrap();
        let engine = services.clone();
        let opened = bench.write(&palesa, move |cx| services::look(cx, &engine, task)).await.unwrap();
        assert_eq!(opened.case.evidence["passport"]["fields"]["number"], "RC0000001");
        let engine = services.clone();
        let question = "Is the photograph on the register still like you?";
        bench.write(&palesa, move |cx| services::ask(cx, &engine, task, question)).await.unwrap();
        assert_eq!(bench.state(case).await, "asking");
        let engine = services.clone();
        let hasty = bench.write(&palesa, move |cx| services::decide(cx, &engine, task, &Verdict::Approve)).await;
        assert_eq!(hasty.unwrap_err().code(), "services.task.waiting");
        bench.write(&bench.lineo, move |cx| services::reply(cx, case, "Yes, it is.")).await.unwrap();
        let again = bench.write(&bench.lineo, move |cx| services::reply(cx, case, "Yes, it is.")).await;
        assert_eq!(again.unwrap_err().code(), "services.question.none");
        let engine = services.clone();
        let state = bench.write(&palesa, move |cx| services::decide(cx, &engine, task, &Verdict::Approve)).await;
        assert_eq!(state.unwrap(), CaseState::Granted);

        bench.work().await;
        assert!(bench.documents(case).await.is_empty(), "no document before its evidence");
        bench.seal().await;
        let documents = bench.documents(case).await;
        assert_eq!(documents.len(), 1);
        let (evidence, pdf) = &documents[0];
        for file in [serde_json::to_vec(evidence).unwrap(), pdf.clone()] {
            let verified = verify(&file, &bench.log_key).unwrap();
            let says = &verified.certificate["fields"];
            assert_eq!(says["holder_name"], "Lineo Mokoena");
            assert_eq!(says["old_passport"], "RC0000001");
            assert_eq!(says["fee_paid"]["en"], "M130.00");
            assert!(says["receipt"].as_str().is_some_and(|receipt| !receipt.is_empty()));
            assert_eq!(verified.certificate["illustrative"], true);
        }
        // She sees every look and every deed, with the officer's among them.
        let deeds = bench.deeds(&bench.lineo).await;
        for (kind, count) in [
            ("services.evidence.looked", 2),
            ("services.case.looked", 1),
            ("services.case.paid", 1),
            ("services.case.approved", 1),
            ("services.output.issued", 1),
        ] {
            assert_eq!(deeds.get(kind), Some(&count), "{kind} in {deeds:?}");
        }
    });
}

#[test]
fn a_changed_document_is_refused() {
    on_each(async |bench: Bench| {
        let (case, task) = bench.examining().await;
        grant(&bench, task).await;
        let (evidence, pdf) = bench.documents(case).await.remove(0);
        let json = serde_json::to_vec(&evidence).unwrap();
        assert!(verify(&json, &bench.log_key).is_ok());

        let other = verify(&forged(&json, "Lineo Mokoena", "Lineo Mokeone"), &bench.log_key).unwrap_err();
        assert!(matches!(other, VerifyFault::Changed), "{other}");
        // Another document's proof, though it is a true one.
        let mut swapped = evidence.clone();
        swapped["certificate"]["fields"]["holder_id"] = Json::from("999999999999");
        let fault = verify(&serde_json::to_vec(&swapped).unwrap(), &bench.log_key).unwrap_err();
        assert!(matches!(fault, VerifyFault::Changed), "{fault}");
        let mut forged_act = evidence.clone();
        let act = forged_act["evidence"].to_string().replace("passport", "passpart");
        forged_act["evidence"] = serde_json::from_str(&act).unwrap();
        assert!(verify(&serde_json::to_vec(&forged_act).unwrap(), &bench.log_key).is_err());
        // Signed by a log that is not the nation's.
        let foreign =
            journal::log::LogKey::new("letsema/ls", crypto::SigningKey::generate(crypto::Algorithm::EdDsa).unwrap())
                .unwrap();
        assert!(matches!(verify(&json, &foreign.verifier()).unwrap_err(), VerifyFault::Evidence(_)));

        // A PDF that was touched anywhere does not hold, or says what was issued and nothing else.
        let (issued, mut refused) = (&evidence["certificate"], 0);
        for place in (0..pdf.len()).step_by(pdf.len() / 150) {
            let mut touched = pdf.clone();
            touched[place] ^= 0x20;
            match verify(&touched, &bench.log_key) {
                Ok(verified) => assert_eq!(&verified.certificate, issued, "byte {place}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 0);
        assert!(verify(&pdf[..pdf.len() / 2], &bench.log_key).is_err());
        for nonsense in [b"%PDF-1.7".as_slice(), b"{}", b"", b"\xff\xfe"] {
            assert!(matches!(verify(nonsense, &bench.log_key).unwrap_err(), VerifyFault::NotOurs));
        }
    });
}

/// Claims and grants a task, and seals what comes out.
async fn grant(bench: &Bench, task: services::TaskId) {
    let roles = ["passport-officer", "licence-officer", "registration-officer"];
    let (all, services) = (officer("off_all", &roles), bench.services.clone());
    bench.write(&all, move |cx| services::claim(cx, task)).await.unwrap();
    bench.write(&all, move |cx| services::decide(cx, &services, task, &Verdict::Approve)).await.unwrap();
    bench.work().await;
    bench.seal().await;
}

#[test]
fn a_licence_and_a_birth_certificate_come_out_with_what_their_registers_say() {
    on_each(async |bench: Bench| {
        let licence = vec![
            ("sight", says(&[("sees", "yes")])),
            ("glasses", says(&[("glasses", "yes")])),
            ("collect", says(&[("collect_at", "berea")])),
            ("declare", says(&[("declare", "yes")])),
        ];
        let case = bench.draft(&bench.lineo, "driver-licence-renewal", licence).await;
        assert_eq!(bench.submit(&bench.lineo, case).await.unwrap(), CaseState::Paying);
        bench.pay(&bench.lineo, case).await;
        grant(&bench, bench.task("licence-officer").await).await;
        let (_, pdf) = bench.documents(case).await.remove(0);
        let certificate = verify(&pdf, &bench.log_key).unwrap().certificate;
        assert_eq!(certificate["valid_until"], "2031-11-24");
        let classes = certificate["fields"]["classes"].as_array().unwrap();
        assert_eq!(classes.len(), 3);
        assert_eq!(classes[1]["class"], "C1");
        assert_eq!(classes[1]["vehicles"]["en"], "Medium lorries");
        assert!(certificate["fields"]["conditions"]["en"].as_str().unwrap().contains("glasses"));

        let birth = vec![
            ("use", says(&[("use", "school")])),
            ("delivery", says(&[("delivery", "paper")])),
            ("paper", says(&[("copies", "2"), ("collect_at", "leribe")])),
        ];
        let case = bench.draft(&bench.lineo, "birth-certificate-copy", birth).await;
        assert_eq!(bench.submit(&bench.lineo, case).await.unwrap(), CaseState::Paying);
        bench.pay(&bench.lineo, case).await;
        grant(&bench, bench.task("registration-officer").await).await;
        let (_, pdf) = bench.documents(case).await.remove(0);
        let fields = verify(&pdf, &bench.log_key).unwrap().certificate["fields"].clone();
        assert_eq!(fields["entry_number"], "B1992-0000001");
        assert_eq!(fields["mother_name"], "Mpho Mokoena");
        assert_eq!(fields["birth_district"]["st"], "Leribe");
    });
}

#[test]
fn what_a_register_leaves_out_does_not_keep_a_document_back() {
    on_each(async |bench: Bench| {
        let thabo = bench.thabo.actor.id.clone();
        let entry = json!({ "entry": "B1974-0000002", "person": thabo, "given": "Thabo", "family": "Letsie",
            "born": "1974-08-02", "registered_on": "1990-01-15" });
        bench.enrol("birth", entry).await;
        let pages = vec![("use", says(&[("use", "work")])), ("delivery", says(&[("delivery", "file")]))];
        let case = bench.draft(&bench.thabo, "birth-certificate-copy", pages).await;
        bench.submit(&bench.thabo, case).await.unwrap();
        bench.pay(&bench.thabo, case).await;
        grant(&bench, bench.task("registration-officer").await).await;
        let (_, pdf) = bench.documents(case).await.remove(0);
        let certificate = verify(&pdf, &bench.log_key).unwrap().certificate;
        assert_eq!(certificate["fields"]["birth_place"], "–");
        assert_eq!(certificate["fields"]["sex"]["en"], "Not stated");
        // He applied in Sesotho, so Sesotho comes first.
        assert_eq!(certificate["languages"][0], "st-LS");
    });
}

#[test]
fn a_case_ends_with_the_version_it_began_with() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        let text = country::text("services/passport-renewal.toml");
        let catalogue = |text: &str| {
            Catalogue::parse([("passport-renewal.toml", text)], country::around(), country::folding()).unwrap()
        };
        let silently = catalogue(&text.replacen("minor = 13000", "minor = 19000", 1));
        let refused = silently.publish(&bench.acts).await.unwrap_err();
        assert!(matches!(refused, CatalogueError::Changed { .. }), "{refused}");

        let newer = text.replacen("minor = 13000", "minor = 19000", 1).replacen("\"1.1.0\"", "\"1.2.0\"", 1);
        let published = catalogue(&newer).publish(&bench.acts).await.unwrap();
        let bench = bench.offering(published);
        bench.submit(&bench.lineo, case).await.unwrap();
        let version = bench.column(case, "SELECT version FROM services_case WHERE id = $1").await;
        assert_eq!(version.as_deref(), Some("1.1.0"));
        let request = bench.payment(case).await;
        assert_eq!(bench.read(move |cx| payments::find(cx, request)).await.unwrap().amount.minor(), 13_000);

        let next = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        bench.submit(&bench.lineo, next).await.unwrap();
        let request = bench.payment(next).await;
        assert_eq!(bench.read(move |cx| payments::find(cx, request)).await.unwrap().amount.minor(), 19_000);
    });
}
