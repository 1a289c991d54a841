//! The pages of operator, supervisor, chief, the desk of cards and the person: the whole way, without JavaScript.

use super::{card_officer, chief, in_population, in_the_country, operator, supervisor};
use crate::browser::{Answer, Browser};
use crate::world::World;

fn small(page: &Answer) {
    assert_eq!(
        page.status,
        200,
        "{}",
        page.body.split("<main").nth(1).unwrap_or_default().chars().take(300).collect::<String>()
    );
    assert!(page.body.len() < 30_000, "{} bytes before compression", page.body.len());
}

const DAY: [(&str, &str); 3] = [("born-day", "2"), ("born-month", "5"), ("born-year", "1961")];

async fn chief_browser(world: &World) -> Browser {
    let mut caller = chief();
    caller.actor.id = "off_01jdf2k9q8e9t8xq8m2n4v6wa8".to_owned();
    world.as_officer(&caller).await
}

/// The path a form sends to.
fn action(page: &Answer, ends: &str) -> String {
    let at = page.body.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    at.filter(|path| path.ends_with(ends)).map(str::to_owned).next().unwrap_or_else(|| panic!("no form to {ends}"))
}

#[test]
fn from_a_chiefs_word_to_a_card() {
    in_the_country(async |world| {
        let mut chief = chief_browser(&world).await;
        small(&chief.get("/introductions").await);
        small(&chief.get("/introductions/new").await);
        let mut said = vec![("given", "Mosa"), ("family", "Letsie"), ("village", "Ha Mokoto")];
        let missing = chief.send("/introductions/new", &said).await;
        assert_eq!(missing.status, 422);
        said.extend(DAY);
        let slip = chief.send("/introductions/new", &said).await;
        let reference =
            slip.body.split("<b>").find(|part| part.starts_with("L ")).unwrap().split('<').next().unwrap().to_owned();

        in_population(&world, 46, ("Mosa", "Letsia"), "1961-05-02", None).await;
        let mut desk = world.as_officer(&operator()).await;
        small(&desk.get("/enrolment").await);
        small(&desk.get("/enrolment/new").await);
        let wrong = desk.send("/enrolment/new", &[("evidence", "chief"), ("paper", "L 1")]).await;
        assert!(wrong.status == 422 && wrong.body.contains("There is no word of a chief"));
        let begun = desk.send("/enrolment/new", &[("evidence", "chief"), ("paper", &reference)]).await;
        let person = begun.location().to_owned();
        let page = desk.get(&person).await;
        small(&page);
        assert!(page.body.contains("value=\"Mosa\"") && page.body.contains("1961"), "the chief’s word fills in");
        let mut told = vec![("given", "Mosa"), ("family", "Letsie"), ("sex", "female"), ("phone", "58 11 22 33")];
        told.extend(DAY);
        let wrong = desk.send(&person, &told).await;
        assert_eq!(wrong.status, 422, "a telephone has its country");
        told.retain(|(name, _)| *name != "phone");
        told.push(("phone", "+266 58112233"));
        let open = desk.send(&person, &told).await.location().to_owned();
        small(&desk.get(&format!("{open}/exceptions")).await);
        let wrong = desk.send(&format!("{open}/exceptions"), &[("part", "eyes"), ("reason", "injured")]).await;
        assert_eq!(wrong.status, 422);
        let kept = desk
            .send(&format!("{open}/exceptions"), &[("part", "eyes"), ("reason", "injured"), ("seen_by", "N. Thabo")])
            .await;
        assert_eq!(kept.status, 303);
        small(&desk.get(&open).await);
        assert_eq!(desk.send(&format!("{open}/submit"), &[]).await.status, 303);
        let own = desk.get(&open).await;
        assert!(own.body.contains("another officer decides it"));

        let mut other = world.as_officer(&supervisor()).await;
        let page = other.get(&open).await;
        small(&page);
        let alike = page
            .body
            .split("href=\"")
            .find(|rest| rest.contains("/alike/person/"))
            .unwrap_or_else(|| panic!("{}", page.body.split("<main").nth(1).unwrap()))
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let beside = other.get(&alike).await;
        small(&beside);
        assert!(beside.body.contains("Letsia") && beside.body.contains("Letsie"));
        other.send(&alike, &[("verdict", "different")]).await;
        other.get(&open).await;
        let unagreed = other.send(&format!("{open}/decide"), &[("verdict", "approve")]).await;
        assert!(unagreed.status == 422 && unagreed.body.contains("Agree to what could not be taken"));
        let nothing = other.send(&format!("{open}/decide"), &[]).await;
        assert_eq!(nothing.status, 422);
        let done = other.send(&format!("{open}/decide"), &[("verdict", "approve"), ("agreed", "yes")]).await;
        assert_eq!(done.status, 303);
        assert!(other.get(&open).await.body.contains("She has her number"));

        let mut cards = world.as_officer(&card_officer()).await;
        small(&cards.get("/enrolment/cards").await);
        let none = cards.send("/enrolment/cards/print", &[("count", "1")]).await;
        assert!(none.status == 422 && none.body.contains("no blanks in stock"));
        cards.send("/enrolment/cards/blanks", &[("blanks", "1 500")]).await;
        cards.get("/enrolment/cards").await;
        assert_eq!(cards.send("/enrolment/cards/print", &[("count", "1")]).await.status, 303);
        let page = cards.get("/enrolment/cards").await;
        assert!(page.body.contains("1499"));
        let number = page.body.split(">K ").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let handed = cards
            .send("/enrolment/cards/hand-over", &[("number", &format!("K {number}")), ("what", "hand-over")])
            .await;
        assert_eq!(handed.status, 303);
        let mut anybody = Browser::new(&world);
        small(&anybody.get("/card").await);
        let good = anybody.send("/card", &[("number", &format!("k{number}"))]).await;
        assert!(good.body.contains("The card is good"));
        assert!(!good.body.contains("Letsie"));
        let json = anybody.get("/api/identity/cards/revoked").await.json();
        assert_eq!(json["cards"].as_array().unwrap().len(), 0);
    });
}

#[test]
fn a_person_stands_at_the_desk() {
    in_the_country(async |world| {
        world.register_lineo().await;
        crate::verifying::known(&world).await;
        let mut desk = world.as_officer(&operator()).await;
        small(&desk.get("/enrolment/people").await);
        let unknown = desk.send("/enrolment/people", &[("number", "999")]).await;
        assert!(unknown.status == 422 && unknown.body.contains("nobody with this number"));
        let number = civil::national_id::shown(&civil::national_id::of_serial(77));
        let open = desk.send("/enrolment/people", &[("number", &number)]).await.location().to_owned();
        let page = desk.get(&open).await;
        small(&page);
        assert_eq!(desk.send(&action(&page, "/factor"), &[("factor", "code"), ("what", "lock")]).await.status, 303);
        assert!(desk.get(&open).await.body.contains("Locked by an officer"));
        assert_eq!(desk.send(&action(&page, "/factor"), &[("factor", "code"), ("what", "unlock")]).await.status, 403);
        desk.get(&open).await;
        assert_eq!(
            desk.send(&action(&page, "/standing"), &[("what", "deactivate"), ("words", "why")]).await.status,
            403
        );
        let mut other = world.as_officer(&supervisor()).await;
        let page = other.get(&open).await;
        assert_eq!(other.send(&action(&page, "/standing"), &[("what", "deactivate"), ("words", "")]).await.status, 422);
        other.get(&open).await;
        other.send(&action(&page, "/standing"), &[("what", "deactivate"), ("words", "Held by another")]).await;
        assert!(other.get(&open).await.body.contains("Held by another"));
        assert_eq!(world.count("identity.standing.looked").await, 7);
    });
}

#[test]
fn strangers_see_none_of_it() {
    in_the_country(async |world| {
        let mut nobody = Browser::new(&world);
        for path in
            ["/enrolment", "/enrolment/new", "/enrolment/cards", "/enrolment/people", "/introductions", "/my/number"]
        {
            assert!(nobody.get(path).await.location().starts_with("/sign-in"), "{path}");
        }
        let mut person = crate::browser::signed_in(&world).await;
        for path in ["/enrolment", "/enrolment/new", "/enrolment/cards", "/introductions"] {
            assert_eq!(person.get(path).await.status, 403, "{path}");
        }
        assert_eq!(person.get("/enrolment/enr_x").await.status, 404);
    });
}
