//! The officers' pages, as a browser meets them.

use axum::http::StatusCode;
use serde_json::json;

use crate::http::{Answer, Visitor};
use crate::world::{object, on_each, per, person};

const HTML: (&str, &str) = ("accept", "text/html");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn page(officer: &Visitor, target: &str) -> Answer {
    let page = officer.ask("GET", target, &[HTML], "").await;
    assert_eq!(page.status, StatusCode::OK, "{target}: {}", page.body);
    for key in [">registers.", "\"registers.", ">edge.", "fault.registers"] {
        assert!(!page.body.contains(key), "{target} says {key}");
    }
    page
}

#[test]
fn pages_are_light() {
    on_each(async |bench| {
        let officer = Visitor::new(&bench);
        bench.enrol_many("civil-person", (0..60).map(|n| person(n, "Tšepo", "Letsie")).collect()).await;
        let list = page(&officer, "/registers/civil-person?q=Tshepo").await;
        let record =
            list.body.split("href=\"").find(|link| link.contains("/records/")).unwrap().split('"').next().unwrap();
        for target in [
            "/registers",
            "/registers/civil-person",
            "/registers/civil-person/enrol",
            record,
            &format!("{record}/change"),
        ] {
            let bytes = officer.weigh(target).await;
            println!("{target}: {bytes} bytes");
            assert!(bytes <= 5 * 1024, "{target}: {bytes} bytes");
        }
    });
}

async fn post(officer: &Visitor, target: &str, from: &Answer, body: &str) -> Answer {
    officer.ask("POST", target, &[HTML, FORM], format!("_form={}&{body}", from.token())).await
}

#[test]
fn an_officer_enrols_changes_and_ends() {
    on_each(async |bench| {
        let officer = Visitor::new(&bench);
        let all = page(&officer, "/registers").await;
        assert!(all.body.contains("Population register") && all.body.contains("/registers/passport"));

        let form = page(&officer, "/registers/civil-person/enrol").await;
        assert!(form.body.contains("Botha-Bothe") || form.body.contains("Butha-Buthe"));
        let person = per(1);
        let body = format!(
            "national_id=123456789012&person={person}&given=Lineo&family=Mokoena&born-day=17&born-month=5&sex=female&phone=%2B266+5800+1234"
        );
        let wrong = post(&officer, "/registers/civil-person/enrol", &form, &body).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("Enter the year") && wrong.body.contains("value=\"Mokoena\""));
        let enrolled = post(&officer, "/registers/civil-person/enrol", &wrong, &format!("{body}&born-year=1990")).await;
        assert_eq!(enrolled.status, StatusCode::SEE_OTHER, "{}", enrolled.body);
        let place = enrolled.header("location").to_owned();
        assert!(!place.contains("123456789012"), "an address holds no key");
        let again = post(&officer, "/registers/civil-person/enrol", &form, &format!("{body}&born-year=1990")).await;
        assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.body.contains("There is already a record"));

        let record = page(&officer, &place).await;
        for said in
            ["Lineo Mokoena", "17 May 1990", "Female", "+26658001234", "Who looked", "Record a change", "Enrolled"]
        {
            assert!(record.body.contains(said), "{said}");
        }
        let form = page(&officer, &format!("{place}/change?kind=change")).await;
        assert!(form.body.contains("value=\"Mokoena\"") && form.body.contains("name=\"revision\" value=\"1\""));
        let body = format!(
            "revision=1&kind=change&person={person}&given=Lineo&family=Letsie&born-day=17&born-month=5&born-year=1990&sex=female&phone=%2B26658001234&from-day=1&from-month=6&from-year=2020&reason=married"
        );
        let changed = post(&officer, &format!("{place}/change"), &form, &body).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
        let stale = post(&officer, &format!("{place}/change"), &form, &body.replace("Letsie", "Molapo")).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        let evidence = bench.evidence().await;
        assert!(evidence.contains("\"fields\":[\"family\"]"), "only what differs: {evidence}");

        let record = page(&officer, &place).await;
        for said in ["Lineo Letsie", "married", "Changed", "Looked at"] {
            assert!(record.body.contains(said), "{said}");
        }
        let first = page(&officer, &format!("{place}?version=1")).await;
        assert!(first.body.contains("Version 1") && first.body.contains("Lineo Mokoena"));

        let form = page(&officer, &format!("{place}/end")).await;
        let outside =
            post(&officer, &format!("{place}/end"), &form, "revision=2&from-day=1&from-month=1&from-year=1980").await;
        assert!(
            outside.status == StatusCode::UNPROCESSABLE_ENTITY
                && outside.body.contains("A day on which the record is true")
        );
        let ended = post(
            &officer,
            &format!("{place}/end"),
            &form,
            "revision=2&from-day=1&from-month=11&from-year=2026&reason=died",
        )
        .await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
        assert!(page(&officer, &place).await.body.contains("This record ended on 1 November 2026"));
        assert!(page(&officer, "/registers/civil-person?q=Dineo").await.body.contains("not in force"));
    });
}

#[test]
fn lists_page_link_and_speak_both_languages() {
    on_each(async |bench| {
        let officer = Visitor::new(&bench);
        bench.enrol_many("civil-person", (0..30).map(|n| person(n, "Tšepo", "Letsie")).collect()).await;
        let list = page(&officer, "/registers/civil-person?q=Tshepo").await;
        let next = list.body.split("href=\"").find(|link| link.contains("after=")).unwrap().split('"').next().unwrap();
        let next = next.replace("&amp;", "&");
        assert!(next.starts_with("/registers/civil-person?q=Tshepo&after=rec_"), "{next}");
        let second = page(&officer, &next).await;
        assert_eq!(second.body.matches("/records/rec_").count(), 5);
        let sesotho = page(&officer, "/registers/civil-person?q=Tshepo&lang=st").await;
        assert!(sesotho.body.contains("Ngoliso ea batho") && sesotho.body.contains("Lirekoto tse fumanoeng"));
        assert!(page(&officer, "/registers/civil-person?q=nobody").await.body.contains("Nothing was found"));
        let fields = json!({"number": "RA000001", "person": per(3), "kind": "ordinary", "issued": "2020-01-01", "expires": "2030-01-01"});
        let passport = bench.enrol("passport", serde_json::Value::Object(object(fields))).await.unwrap();
        let record = page(&officer, &format!("/registers/passport/records/{}", passport.id)).await;
        let link = format!("/registers/civil-person?person={}", per(3));
        assert!(record.body.contains(&link));
        assert_eq!(page(&officer, &link).await.body.matches("/records/rec_").count(), 1);
    });
}

#[test]
fn a_file_is_imported_with_its_report() {
    on_each(async |bench| {
        let officer = Visitor::new(&bench);
        let form = page(&officer, "/registers/place/import").await;
        let file = "code,name,people\nA1,Roma,3\nA2,Morija,x\n";
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"_form\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"places.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--b--\r\n",
            form.token()
        );
        let report = officer
            .ask("POST", "/registers/place/import", &[HTML, ("content-type", "multipart/form-data; boundary=b")], body)
            .await;
        assert_eq!(report.status, StatusCode::OK, "{}", report.body);
        for said in ["1 record was enrolled", "1 record was not", "This is not of the kind"] {
            assert!(report.body.contains(said), "{said}");
        }
    });
}
