//! Published lists, through the engine's face: a file waits for another officer, a bad one changes nothing, and what waits is looked at
//! again when a list changes.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::get;
use edge::{Outbound, OutboundLimits};
use journal::Key;
use payments::remittance::{self, RemittanceState};
use payments::sanctions::{self, ChangeKind, Entry, FileState, Format, ListFileId, ListView, Quality, Source, Sources};
use payments::screening::{self, Case, CaseState};
use proptest::prelude::*;
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Language};
use tokio::net::TcpListener;

use crate::bench::{Bench, on_each, serve};
use crate::disbursements::{id, pay, programme, to_account, until as until_paid_out};
use crate::remittances::{bill_of, sends, until};

pub(crate) const NATIONAL: &str = include_str!("../../../../docs/guides/sanctions.csv");
pub(crate) const UN: &str = include_str!("../../../../docs/guides/sanctions-un.xml");

pub(crate) fn officer(id: &str) -> Caller {
    let actor = Actor { assurance: Assurance::High, ..Actor::bare(ActorKind::Officer, id) };
    Caller { actor: Actor { roles: vec!["payments-officer".to_owned()], ..actor }, ..Caller::system("test") }
}

async fn take(bench: &Bench, who: &str, list: &str, file: &str) -> Result<ListFileId, Fault> {
    let bytes = Bytes::from(file.as_bytes().to_vec());
    sanctions::take_file(&bench.gateway, &officer(who), &Key::none(), list, bytes).await
}

async fn decide(
    bench: &Bench,
    who: &str,
    of: ListFileId,
    verdict: &'static str,
    note: &'static str,
) -> Result<FileState, Fault> {
    bench.write(&officer(who), move |cx| sanctions::decide(cx, of, verdict, note)).await
}

/// One officer brings a file, another puts it in force.
pub(crate) async fn in_force(bench: &Bench, list: &str, file: &str) -> ListFileId {
    let brought = take(bench, "off_1", list, file).await.unwrap();
    assert_eq!(decide(bench, "off_2", brought, "in_force", "").await.unwrap(), FileState::InForce);
    brought
}

async fn lists(bench: &Bench) -> Vec<ListView> {
    let screening = bench.gateway.rails().screening.clone();
    bench.read(move |cx| sanctions::lists(cx, &screening)).await
}

async fn stopped(bench: &Bench) -> Vec<Case> {
    bench.read(screening::cases).await
}

async fn changes(bench: &Bench, of: ListFileId) -> Vec<(ChangeKind, String)> {
    let all = bench.read(move |cx| sanctions::changes(cx, of, 0, 100)).await;
    all.into_iter().map(|it| (it.kind, it.entry.reference)).collect()
}

#[test]
fn a_file_waits_for_another_officer_and_is_in_force_whole() {
    on_each(async |bench| {
        assert!(lists(&bench).await.iter().all(|it| it.is_stale && it.in_force.is_none()));
        let first = take(&bench, "off_1", "un", UN).await.unwrap();
        let again = take(&bench, "off_2", "un", UN).await.unwrap_err();
        assert_eq!(again.code(), "payments.sanctions.known");
        let fault = decide(&bench, "off_1", first, "in_force", "").await.unwrap_err();
        assert_eq!(fault.code(), "payments.sanctions.four_eyes");
        for (verdict, note, code) in [("perhaps", "", "decision"), ("refuse", " x ", "note")] {
            let fault = decide(&bench, "off_2", first, verdict, note).await.unwrap_err();
            assert_eq!(fault.code(), format!("payments.sanctions.{code}"));
        }
        assert!(lists(&bench).await[0].in_force.is_none(), "waiting, it is held against nobody");
        assert_eq!(decide(&bench, "off_2", first, "in_force", "").await.unwrap(), FileState::InForce);
        let fault = decide(&bench, "off_3", first, "refuse", "Too late").await.unwrap_err();
        assert_eq!(fault.code(), "payments.sanctions.ended");
        let un = lists(&bench).await.remove(0);
        assert_eq!((un.is_stale, un.in_force.unwrap().entries), (false, 3));
        let fault = take(&bench, "off_2", "un", UN).await.unwrap_err();
        assert_eq!(fault.code(), "payments.sanctions.known");

        let later =
            UN.replace("2026-11-20T23", "2026-11-22T23").replace("EXe.001", "EXe.002").replace(">1975<", ">1976<");
        let older = UN.replace("2026-11-20T23", "2026-11-19T23");
        assert_eq!(take(&bench, "off_1", "un", &older).await.unwrap_err().code(), "payments.sanctions.older");
        let next = take(&bench, "off_1", "un", &later).await.unwrap();
        let expected = [
            (ChangeKind::Removed, "EXe.001".to_owned()),
            (ChangeKind::Added, "EXe.002".to_owned()),
            (ChangeKind::Changed, "EXi.002".to_owned()),
        ];
        assert_eq!(changes(&bench, next).await, expected);
        assert_eq!(decide(&bench, "off_2", next, "refuse", "Not the one of the UN").await.unwrap(), FileState::Refused);
        assert_eq!(lists(&bench).await[0].in_force.as_ref().map(|it| it.id), Some(first));
        // What was refused may be brought again; a later file takes the place of one that waits.
        let next = take(&bench, "off_1", "un", &later).await.unwrap();
        let last = take(&bench, "off_1", "un", &later.replace("EXe.002", "EXe.003")).await.unwrap();
        assert_eq!(decide(&bench, "off_2", next, "in_force", "").await.unwrap_err().code(), "payments.sanctions.ended");
        decide(&bench, "off_2", last, "in_force", "").await.unwrap();
        let state = async |of| bench.read(move |cx| sanctions::file(cx, of)).await.state;
        let states = (state(first).await, state(next).await, state(last).await);
        assert_eq!(states, (FileState::Former, FileState::Overtaken, FileState::InForce));
        bench.clock.step(8 * 86_400);
        assert!(lists(&bench).await[0].is_stale, "older than the pack allows");
    });
}

#[test]
fn a_bad_file_is_named_and_what_is_in_force_stays_whole() {
    let many =
        format!("{}</INDIVIDUAL>", "<INDIVIDUAL_ALIAS><ALIAS_NAME>Otro</ALIAS_NAME></INDIVIDUAL_ALIAS>".repeat(201));
    let deep = format!("<REFERENCE_NUMBER>{}{}</REFERENCE_NUMBER>", "<A>".repeat(40), "</A>".repeat(40));
    let bomb = "<!DOCTYPE lol [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]><CONSOLIDATED_LIST>&lol2;</CONSOLIDATED_LIST>";
    let un = |from: &str, to: &str| ("un", UN.replacen(from, to, 1));
    let csv = |from: &str, to: &str| ("national", NATIONAL.replacen(from, to, 1));
    let bad: Vec<((&str, String), &str, &str)> = vec![
        (("un", UN[..UN.len() / 2].to_owned()), "payments.iso20022.malformed", ""),
        (("un", String::new()), "payments.iso20022.malformed", ""),
        (("un", bomb.to_owned()), "payments.iso20022.doctype", ""),
        (un("&amp;", "&lol;"), "payments.iso20022.entity", ""),
        (un("<REFERENCE_NUMBER>EXi.001 </REFERENCE_NUMBER>", &deep), "payments.iso20022.deep", ""),
        (("un", "<Document/>".to_owned()), "payments.sanctions.root", "Document"),
        (("un", UN.replace("CONSOLIDATED_LIST", "SDN_LIST")), "payments.sanctions.root", "SDN_LIST"),
        (("un", UN.replace("ENTITY>", "VESSEL>")), "payments.sanctions.root", "ENTITIES/VESSEL"),
        (un("</INDIVIDUAL>", &many), "payments.sanctions.many", "EXi.001"),
        (un("dateGenerated=\"2026-11-20T23:00:04.811Z\"", ""), "payments.sanctions.missing", "dateGenerated"),
        (un("2026-11-20T23:00:04.811Z", "yesterday"), "payments.sanctions.date", "dateGenerated"),
        (un("2026-11-20T23", "2027-11-20T23"), "payments.sanctions.future", ""),
        (un(">2014-09-23<", ">2014-13-23<"), "payments.sanctions.date", "EXi.002"),
        (un(">2014-09-23<", ">23.9.2014<"), "payments.sanctions.date", "EXi.002"),
        (un(">1975<", ">19751<"), "payments.sanctions.date", "EXi.002"),
        (un("<TO_YEAR>1973", "<TO_YEAR>1960"), "payments.sanctions.date", "EXi.001"),
        (un("EXi.002", ""), "payments.sanctions.missing", "REFERENCE_NUMBER"),
        (un("EXi.002", "EXi.001"), "payments.sanctions.repeated", "EXi.001"),
        (un(">Unosolo<", "> <"), "payments.sanctions.missing", "FIRST_NAME"),
        (un("<VERSIONNUM>1</VERSIONNUM>", "<FIRST_NAME>Otro</FIRST_NAME>"), "payments.iso20022.repeated", "FIRST_NAME"),
        (csv("kind,name", "kind,names"), "payments.sanctions.columns", "good_aliases"),
        (csv("EX-3,entity", "EX-3;entity"), "payments.sanctions.line", "4"),
        (csv("\"Nowhere Trading, Example\"", "\"Nowhere"), "payments.sanctions.line", ""),
        (csv("EX-4,vessel", "EX-4,ship"), "payments.sanctions.kind", "5, kind"),
        (csv("EX-4,vessel", "EX-3,vessel"), "payments.sanctions.repeated", "EX-3"),
        (csv("1971-03-05", "5 March 1971"), "payments.sanctions.date", "2, born"),
        (csv("1970-1973", "1973-1970"), "payments.sanctions.date", "2, born"),
        (csv("2026-11-01,EX-4", "2026-11-02,EX-4"), "payments.sanctions.date", "5, list_date"),
        (csv("2026-02-01", "2026-02-30"), "payments.sanctions.date", "5, listed_on"),
        (csv("Sea Example of Nowhere", " "), "payments.sanctions.missing", "5, name"),
        (("national", NATIONAL.lines().next().unwrap_or_default().to_owned()), "payments.sanctions.empty", ""),
        (("national", String::new()), "payments.sanctions.columns", ""),
        (("other", NATIONAL.to_owned()), "payments.sanctions.list", "other"),
    ];
    let words = testkit::words(&["sanctions", "iso20022"]);
    on_each(async |bench| {
        in_force(&bench, "un", UN).await;
        in_force(&bench, "national", NATIONAL).await;
        let before = format!("{:?}", lists(&bench).await);
        for ((list, file), code, named) in &bad {
            let fault = take(&bench, "off_1", list, file).await.unwrap_err();
            assert_eq!(fault.code(), *code, "{named}");
            let said = words.say(&Language::new("en-LS"), fault.text());
            assert!(said.contains(named), "{code}: {said:?} does not name {named}");
        }
        assert_eq!(format!("{:?}", lists(&bench).await), before);
        let bill = bill_of(&bench, "EX-1", 50_000).await;
        sends(&bench, &bill.number, ("Demostracion Ficticio Primero", "0820001201"), 51_000).await.unwrap();
        assert_eq!(stopped(&bench).await[0].entry.as_ref().unwrap().0, "un:EXi.001");
        let record = bench.read(|cx| {
            let rows = cx.tx().query("SELECT record FROM journal_act ORDER BY id", &[])?;
            let all: Result<Vec<String>, _> = rows.iter().map(|row| row.get::<String>(0)).collect();
            Ok(all?.join("\n"))
        });
        let record = record.await;
        assert!(record.contains("payments.sanctions.taken") && record.contains("payments.sanctions.in_force"));
        assert!(!record.contains("icticio") && !record.contains("FICTICIO") && !record.contains("EXi"), "{record}");
    });
}

#[test]
fn when_a_list_changes_what_waits_is_stopped_and_what_has_left_us_is_shown() {
    on_each(async |bench| {
        let orders = async |bill: &'static str, name: &'static str, number: &'static str| {
            let bill = bill_of(&bench, bill, 50_000).await;
            sends(&bench, &bill.number, (name, number), 51_000).await.unwrap()
        };
        // The partner has no time for the first, never hears from the second, and the third is of nobody on the list.
        let waits = orders("WAITS-1", "Seqhoqho Mohlalafela", "0820001209").await;
        let told = orders("TOLD-1", "Mohlalafela Seqhoqho", "0820001203").await;
        let free = orders("FREE-1", "Puleng Mokoena", "0820001212").await;
        let from = programme(&bench, 100_000).await;
        let mut to_bank = to_account(id(1), from, 1_000, "62000000003");
        if let payments::Destination::Bank { holder, .. } = &mut to_bank.to {
            *holder = spine::Personal::new("Joaquin Ejemplo Inventado".to_owned());
        }
        pay(&bench, to_bank).await.unwrap();
        until(&bench, told, RemittanceState::Told).await;
        until_paid_out(&bench, id(1), payments::DisbursementState::Sent).await;
        bench.clock.step(1);
        in_force(&bench, "national", NATIONAL).await;
        assert!(stopped(&bench).await.is_empty(), "a job looks, not the officer's click");
        bench.wait_for("all three to be found", async || stopped(&bench).await.len() == 3).await;
        let held = async |of| bench.read(move |cx| Ok(remittance::remittance(cx, of)?.is_held())).await;
        assert!(held(waits).await && !held(told).await && !held(free).await);
        until(&bench, free, RemittanceState::Paid).await;
        bench.clock.step(60);
        bench.work().await;
        assert!(held(waits).await, "however often it is tried");
        for case in stopped(&bench).await {
            for who in ["off_1", "off_2"] {
                let rails = bench.gateway.rails().clone();
                let clear = move |cx: &mut Cx<'_>| screening::decide(cx, &rails, case.id, "clear", "Another birthday");
                let state = bench.write(&officer(who), clear).await.unwrap();
                assert_eq!(state == CaseState::Cleared, who == "off_2");
            }
        }
        let paid = async || {
            bench.clock.step(5);
            bench.read(move |cx| Ok(remittance::remittance(cx, waits)?.state)).await == RemittanceState::Paid
        };
        bench.wait_for("what was cleared to be paid", paid).await;
        assert!(stopped(&bench).await.is_empty());
        bench.must_be_sound().await;
    });
}

#[test]
fn a_list_is_fetched_once_a_day_and_a_trusted_one_is_in_force_unless_it_takes_much_away() {
    on_each(async |bench| {
        let published = Arc::new(Mutex::new((StatusCode::OK, UN.to_owned())));
        let publish = |status, text: String| *published.lock().unwrap() = (status, text);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/list.xml", listener.local_addr().unwrap());
        let shown = Arc::clone(&published);
        let show = get(async move || shown.lock().unwrap().clone());
        tokio::spawn(serve(listener, Router::new().route("/list.xml", show)));
        let source = |is_trusted| Source { list: "un".to_owned(), url: url.clone(), is_trusted };
        let outbound = Outbound::new(OutboundLimits { response_bytes: 64 * 1024, ..OutboundLimits::default() });
        let fetched = async |is_trusted| {
            let sources = Sources { all: vec![source(is_trusted)], outbound: outbound.clone() };
            sanctions::fetch_due(&bench.gateway.clone().with_lists(sources)).await.unwrap()
        };
        let un = async || lists(&bench).await.remove(0);
        let problem = async || un().await.looked_up.and_then(|(_, problem)| problem);

        assert_eq!(fetched(true).await, 1);
        let first = un().await.waiting.expect("the first of a list waits, whoever is trusted");
        assert_eq!(decide(&bench, "off_1", first.id, "in_force", "").await.unwrap(), FileState::InForce);
        let next = UN.replace("2026-11-20T23", "2026-11-22T23").replace(">1975<", ">1976<");
        publish(StatusCode::OK, next.clone());
        assert_eq!(fetched(false).await, 0, "once a day");
        bench.clock.step(86_400);
        assert_eq!(fetched(false).await, 1);
        assert_eq!(un().await.waiting.map(|it| it.changed), Some(1));
        bench.clock.step(86_400);
        assert_eq!((fetched(false).await, problem().await), (0, None), "the same file waits already");
        publish(StatusCode::OK, next.replace("2026-11-22T23", "2026-11-23T23"));
        bench.clock.step(86_400);
        assert_eq!(fetched(true).await, 1);
        let trusted = un().await;
        let (file, waiting) = (trusted.in_force.unwrap(), trusted.waiting);
        assert_eq!((file.changed, file.decided_by.as_deref(), waiting.is_none()), (1, Some("sanctions"), true));
        // Half of it is gone: somebody has to look.
        let small = next.replace("2026-11-22T23", "2026-11-25T23").replace("EXi.002", "EXi.009");
        publish(StatusCode::OK, small);
        bench.clock.step(86_400);
        assert_eq!(fetched(true).await, 1);
        assert_eq!(un().await.in_force.map(|it| it.id), Some(file.id));
        for (status, text, code) in [
            (StatusCode::NOT_FOUND, UN.to_owned(), "payments.sanctions.away"),
            (StatusCode::OK, "x".repeat(65 * 1024), "payments.sanctions.away"),
            (StatusCode::OK, UN[..900].to_owned(), "payments.iso20022.malformed"),
            (StatusCode::OK, UN.replace("2026-11-20T23", "2026-11-19T23"), "payments.sanctions.older"),
        ] {
            publish(status, text);
            bench.clock.step(86_400);
            assert_eq!((fetched(true).await, problem().await.as_deref()), (0, Some(code)));
            assert_eq!(un().await.in_force.map(|it| it.id), Some(file.id), "{code}");
        }
        publish(StatusCode::OK, next.replace("2026-11-22T23", "2026-11-23T23"));
        bench.clock.step(3_601);
        assert_eq!((fetched(true).await, problem().await), (0, None), "what failed is tried again within the hour");
    });
}

#[test]
fn the_lists_say_what_their_files_say() {
    let un = sanctions::read(Format::UnXml, UN.as_bytes()).unwrap();
    let said = |entry: &Entry| entry.born.iter().map(|it| (it.about, it.said())).collect::<Vec<_>>();
    let [first, second, entity] = un.entries.as_slice() else { panic!("{un:?}") };
    let names: Vec<(&str, Quality)> = first.names.iter().map(|it| (it.text.as_str(), it.quality)).collect();
    let expected = [
        ("FICTICIO PRIMERO DEMOSTRACIÓN", Quality::Primary),
        ("Primero Ficticio Ejemplar", Quality::Good),
        ("El Primero", Quality::Low),
        ("Παράδειγμα Πρώτο", Quality::Script),
    ];
    assert_eq!((first.reference.as_str(), names.as_slice()), ("EXi.001", expected.as_slice()));
    assert_eq!(said(first), [(false, "1971-03-05".to_owned()), (false, "1968–1973".to_owned())]);
    assert_eq!(said(second), [(true, "1975".to_owned())]);
    assert_eq!((first.countries.join(" "), first.documents.len()), ("Nowhere Elsewhere".to_owned(), 1));
    assert_eq!(first.listed_on.map(|day| day.to_string()).as_deref(), Some("2012-12-31"));
    assert_eq!((entity.names.len(), entity.names[1].quality), (2, Quality::Good));
    let own = sanctions::read(Format::Csv, NATIONAL.as_bytes()).unwrap();
    assert_eq!(own.entries.len(), 4);
    assert_eq!(said(&own.entries[0]), [(false, "1971-03-05".to_owned()), (false, "1970–1973".to_owned())]);
    assert_eq!(own.entries[0].documents[0].country.as_deref(), Some("Nowhere"));
    assert_eq!(own.entries[2].names[1].text, "Nowhere Trading, Example");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A file that was cut off, or in which something was overwritten, is a list that keeps to the limits or is refused.
    #[test]
    fn a_damaged_file_is_refused_or_keeps_to_the_limits(
        cut in any::<prop::sample::Index>(),
        other in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        is_xml in any::<bool>(),
    ) {
        let (format, whole) = if is_xml { (Format::UnXml, UN) } else { (Format::Csv, NATIONAL) };
        let mut bytes = whole.as_bytes().to_vec();
        if other.is_empty() {
            bytes.truncate(cut.index(bytes.len()));
        }
        for (place, byte) in &other {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        match sanctions::read(format, &bytes) {
            Ok(listing) => {
                let mut references: Vec<&str> = listing.entries.iter().map(|it| it.reference.as_str()).collect();
                references.sort_unstable();
                let before = references.len();
                references.dedup();
                prop_assert_eq!(references.len(), before);
                prop_assert!(listing.entries.iter().all(|it| !it.names.is_empty() && !it.reference.is_empty()));
                prop_assert!(!(is_xml && other.is_empty()), "half a list is no list");
            }
            Err(fault) => prop_assert!(fault.code().starts_with("payments."), "{}", fault),
        }
    }
}
