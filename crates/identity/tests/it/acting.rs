//! Acting for others: a mother for her child, a carer, an officer for a business; how far, how long, and what is never done
//! for another.

use std::sync::Arc;

use axum::http::StatusCode;
use civil::{Families, Population, Tie, national_id};
use identity::{
    MandateId, MandateRules, Mandates, NewPerson, Offer, Proposal, answer_offer, approve_mandate, closed_by_death,
    end_mandate, enrol_person, offer_mandate, propose_mandate, register_organisation, set_lock,
};
use journal::{Key, Policies};
use serde_json::json;
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Language, Personal, Secret, Via};

use crate::browser::signed_in;
use crate::world::{LINEO, World, people, under};

const RULES: &str = include_str!("../../../../packs/lesotho/mandates.toml");
pub(crate) const THABO: &str = "per_01jdf2k9q8e9t8xq8m2n4v6w81";
pub(crate) const CHILD: &str = "per_01jdf2k9q8e9t8xq8m2n4v6w82";
const BEYOND: &str = "It would need a mandate that covers";
const NEVER: &str = "nobody can do this for another";

/// The pack's own rules, with the families of these tests' population.
pub(crate) fn mandates() -> Mandates {
    let rules: MandateRules = toml::from_str(RULES).unwrap();
    Mandates::new(rules, Some(families())).unwrap()
}

fn families() -> Families {
    Families::new(Population::new(people()), 18)
}

fn policies() -> Arc<Policies> {
    let files = ["identity", "mandates", "devices", "registers", "civil"].map(|name| {
        let path = format!("{}/../../packs/lesotho/policies/{name}.cedar", env!("CARGO_MANIFEST_DIR"));
        (name, std::fs::read_to_string(path).unwrap())
    });
    Arc::new(Policies::parse(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap())
}

/// Runs `test` in a country with Lineo, Thabo and a child of Lineo's, under the pack's policies, on each database.
pub(crate) fn on_each(test: impl AsyncFn(World)) {
    under(policies(), async |world| {
        settle(&world).await;
        test(world).await;
    });
}

async fn settle(world: &World) {
    let record = |serial: u64, id: &str, given: &str, family: &str, born: &str| {
        let person = json!({
            "national_id": national_id::of_serial(serial), "person": id, "given": given, "family": family, "born": born,
            "sex": "female", "district": "leribe",
        });
        person.as_object().unwrap().clone()
    };
    let records = vec![
        record(1, LINEO, "Lineo", "Mokhethi", "1992-03-14"),
        record(2, THABO, "Thabo", "Letsie", "1990-01-01"),
        record(3, CHILD, "Palesa", "Mokhethi", "2008-11-25"),
    ];
    let pin_hash = world.identity.hash_secret(&Secret::new("550011".to_owned())).await.unwrap();
    let people = people();
    let settle = move |cx: &mut Cx<'_>| {
        registers::enrol_many(cx, &people, civil::REGISTER, records.clone())?;
        let born = "2008-11-25".parse().unwrap();
        civil::bring(cx, &families(), CHILD, &[(Tie::Mother, LINEO.to_owned())], born, "test")?;
        enrol_person(
            cx,
            &NewPerson {
                id: THABO.to_owned(),
                login: Personal::new(national_id::of_serial(2)),
                name: Personal::new("Thabo Letsie".to_owned()),
                phone: None,
                email: None,
                language: Language::new("en-LS"),
                pin_hash: pin_hash.clone(),
            },
        )
    };
    world.acts.write(&Caller::system("test"), &Key::none(), settle).await.unwrap();
}

pub(crate) fn person(id: &str, assurance: Assurance) -> Caller {
    let actor = Actor::person(id, Personal::default(), assurance);
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

pub(crate) fn officer(name: &str) -> Caller {
    let actor = Actor {
        roles: vec!["identity-officer".to_owned()],
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, name)
    };
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

fn wanted(kind: &str, scopes: &[&str]) -> Offer {
    Offer {
        kind: kind.to_owned(),
        number: national_id::of_serial(1),
        family: "Mokhethi".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        valid_to: "2027-11-24".parse().unwrap(),
    }
}

impl World {
    async fn offered(&self, by: &Caller, wanted: &Offer) -> Result<MandateId, Fault> {
        let (identity, wanted) = (self.identity.clone(), wanted.clone());
        self.acts.write(by, &Key::none(), move |cx| offer_mandate(cx, &identity, &wanted)).await
    }

    async fn answered(&self, by: &Caller, id: MandateId, accepts: bool) -> Result<(), Fault> {
        let identity = self.identity.clone();
        self.acts.write(by, &Key::none(), move |cx| answer_offer(cx, &identity, id, accepts)).await
    }

    /// Thabo lets Lineo act for him.
    pub(crate) async fn given(&self, kind: &str, scopes: &[&str]) -> MandateId {
        let id = self.offered(&person(THABO, Assurance::Substantial), &wanted(kind, scopes)).await.unwrap();
        self.answered(&person(LINEO, Assurance::Substantial), id, true).await.unwrap();
        id
    }
}

#[test]
fn a_mother_acts_for_her_child_until_she_is_eighteen() {
    on_each(async |world| {
        // Ten minutes before the child's eighteenth birthday.
        world.clock.step(15 * 3600 + 50 * 60);
        let mut browser = signed_in(&world).await;
        let page = browser.open("/acting").await;
        assert!(page.body.contains("Palesa Mokhethi") && page.body.contains("Parent or guardian"), "{}", page.body);
        assert!(!page.body.contains("You are acting for"));
        assert_eq!(browser.send("/acting", &[("for", CHILD)]).await.status, 303);
        assert!(browser.me().await.contains(&format!("{LINEO} Substantial  for {CHILD}")));
        assert!(browser.open("/account/consents").await.body.contains("You are acting for Palesa Mokhethi."));
        let own = browser.open("/account/sessions").await;
        assert!(own.status == 200 && own.body.contains("This page is about yourself"), "{}", own.body);
        let life = browser.open("/my/life").await;
        assert!(life.status == StatusCode::FORBIDDEN && life.body.contains(NEVER), "{}", life.body);
        world.clock.step(11 * 60);
        assert!(!browser.me().await.contains(" for "), "she is eighteen");
        let over = browser.open("/account/consents").await;
        assert!(over.body.contains("You can no longer act for Palesa Mokhethi"), "{}", over.body);
        let page = browser.open("/acting").await;
        assert!(!page.body.contains(CHILD), "{}", page.body);
        let sent = browser.send("/acting", &[("for", CHILD)]).await;
        assert!(sent.status == 422 && sent.body.contains("Choose for whom you want to act"), "{}", sent.body);
        assert_eq!(world.count("identity.acting.chosen").await, 1);
        let seen = world
            .rows("SELECT subject, COALESCE(object, '') FROM journal_act WHERE kind = 'identity.acting.chosen'")
            .await;
        assert_eq!(seen, [(CHILD.to_owned(), CHILD.to_owned())], "the child will see it");
    });
}

#[test]
fn a_carer_does_what_she_was_given_and_is_told_what_else_would_need() {
    on_each(async |world| {
        let id = world.given("carer", &["certificates"]).await;
        world.drain().await;
        assert_eq!(world.messages_sent(), 1, "Lineo is told; Thabo has no telephone");
        let mut browser = signed_in(&world).await;
        let page = browser.open("/acting").await;
        assert!(page.body.contains("Thabo Letsie") && page.body.contains("Carer"), "{}", page.body);
        browser.submit("/acting", &[("for", &id.to_string())]).await;
        assert!(browser.me().await.contains(&format!("for {THABO}")));
        let consents = browser.open("/account/consents").await;
        assert!(consents.status == StatusCode::FORBIDDEN && consents.body.contains(BEYOND), "{}", consents.body);
        assert!(consents.body.contains("See and take back what was agreed"), "{}", consents.body);
        // Thabo ends it: at the next request she is herself.
        world
            .acts
            .write(&person(THABO, Assurance::Substantial), &Key::none(), move |cx| end_mandate(cx, id))
            .await
            .unwrap();
        assert!(!browser.me().await.contains(" for "));
        assert!(browser.open("/account/consents").await.body.contains("You can no longer act for Thabo Letsie"));
        let kinds: Vec<String> = world.acts_done().await.into_iter().map(|(kind, _)| kind).collect();
        for kind in ["offered", "accepted", "ended"] {
            assert!(kinds.contains(&format!("identity.mandate.{kind}")), "{kind}");
        }
    });
}

#[test]
fn one_can_act_for_oneself_again_and_a_form_opened_for_another_is_none_for_oneself() {
    on_each(async |world| {
        let id = world.given("power-of-attorney", &["consents", "records"]).await;
        let mut browser = signed_in(&world).await;
        browser.open("/acting").await;
        browser.submit("/acting", &[("for", &id.to_string())]).await;
        // A page opened for Thabo, in another tab.
        let mut tab = browser.clone();
        tab.open("/account/consents").await;
        browser.open("/account/consents").await;
        browser.submit("/acting/stop", &[]).await;
        assert!(!browser.me().await.contains(" for "));
        let stale = tab.send("/account/consents/withdraw", &[("client", "bank")]).await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN, "{}", stale.body);
        assert_eq!(world.count("identity.acting.stopped").await, 1);
    });
}

#[test]
fn nobody_is_let_do_for_another_what_makes_her_the_other() {
    let with = |action: &str| {
        let text = RULES.replace("actions = [\"identity.consent.view\"", &format!("actions = [\"{action}\""));
        let rules: MandateRules = toml::from_str(&text).unwrap();
        Mandates::new(rules, None).err().map(|error| error.to_string())
    };
    assert_eq!(with("identity.consent.view"), None);
    for action in ["identity.life.attest", "identity.account.reset", "identity.mandate.offer", "identity.passkey.add"] {
        assert!(with(action).unwrap().contains("nobody does"), "{action}");
    }
    for (from, to, says) in [
        ("scopes = [\"certificates\", \"records\"]", "scopes = [\"taxes\"]", "no scope taxes"),
        ("id = \"passports\"", "id = \"certificates\"", "twice"),
        ("longest_days = 730", "longest_days = 0", "longest_days"),
    ] {
        let rules: MandateRules = toml::from_str(&RULES.replacen(from, to, 1)).unwrap();
        assert!(Mandates::new(rules, None).err().unwrap().to_string().contains(says), "{from}");
    }
}

#[test]
fn what_is_asked_wrongly_is_told_and_nothing_is_kept() {
    on_each(async |world| {
        let thabo = person(THABO, Assurance::Substantial);
        let good = wanted("carer", &["certificates"]);
        let cases = [
            (Offer { kind: "guardian".to_owned(), ..good.clone() }, "kind"),
            (Offer { kind: "officer".to_owned(), ..good.clone() }, "kind"),
            (Offer { number: "1".to_owned(), ..good.clone() }, "number"),
            (Offer { number: national_id::of_serial(9), ..good.clone() }, "number"),
            (Offer { family: "Letsie".to_owned(), ..good.clone() }, "number"),
            (Offer { number: national_id::of_serial(2), family: "Letsie".to_owned(), ..good.clone() }, "number"),
            (Offer { number: national_id::of_serial(3), ..good.clone() }, "number"),
            (Offer { scopes: vec![], ..good.clone() }, "scopes"),
            (Offer { scopes: vec!["passports".to_owned()], ..good.clone() }, "scopes"),
            (Offer { valid_to: "2026-11-23".parse().unwrap(), ..good.clone() }, "valid_to"),
            (Offer { valid_to: "2029-01-01".parse().unwrap(), ..good.clone() }, "valid_to"),
        ];
        for (offer, field) in cases {
            let fault = world.offered(&thabo, &offer).await.unwrap_err();
            assert_eq!(
                (fault.code(), fault.fields()[0].field.as_str()),
                ("identity.mandate.wrong", field),
                "{offer:?}"
            );
        }
        let weak = world.offered(&person(THABO, Assurance::Low), &good).await.unwrap_err();
        assert_eq!(weak.code(), "journal.act.needs_substantial");
        let child = world.offered(&person(CHILD, Assurance::Substantial), &good).await.unwrap_err();
        assert_eq!(child.code(), "identity.mandate.minor");
        assert!(world.rows("SELECT id, kind FROM identity_mandate").await.is_empty());

        let id = world.offered(&thabo, &good).await.unwrap();
        assert_eq!(world.answered(&thabo, id, true).await.unwrap_err().code(), "identity.mandate.missing");
        let lineo = person(LINEO, Assurance::Substantial);
        world.answered(&lineo, id, false).await.unwrap();
        assert_eq!(world.answered(&lineo, id, true).await.unwrap_err().code(), "identity.mandate.over");
        let stranger = person(CHILD, Assurance::Substantial);
        let end = world.acts.write(&stranger, &Key::none(), move |cx| end_mandate(cx, id)).await.unwrap_err();
        assert_eq!(end.code(), "journal.act.forbidden");
        for _ in 0..20 {
            world.offered(&thabo, &good).await.unwrap();
        }
        assert_eq!(world.offered(&thabo, &good).await.unwrap_err().code(), "identity.mandate.many");
    });
}

#[test]
fn a_mandate_on_evidence_needs_a_second_officer_and_one_for_a_business_an_organisation() {
    on_each(async |world| {
        let register = |cx: &mut Cx<'_>| register_organisation(cx, "C2019/117", "Maluti Wool Co-operative");
        let organisation = world.acts.write(&officer("off_one"), &Key::none(), register).await.unwrap();
        let again = world.acts.write(&officer("off_one"), &Key::none(), register).await.unwrap_err();
        assert_eq!(again.code(), "identity.organisation.exists");
        let proposal = Proposal {
            kind: "officer".to_owned(),
            represented: "C2019/117".to_owned(),
            representative: national_id::of_serial(1),
            scopes: vec!["records".to_owned()],
            valid_to: "2027-11-24".parse().unwrap(),
            evidence: "resolution".to_owned(),
            reference: "minutes of 3 May".to_owned(),
        };
        let propose = async |by: &Caller, proposal: &Proposal| {
            let (identity, proposal) = (world.identity.clone(), proposal.clone());
            world.acts.write(by, &Key::none(), move |cx| propose_mandate(cx, &identity, &proposal)).await
        };
        for (wrong, field) in [
            (Proposal { represented: national_id::of_serial(1), ..proposal.clone() }, "represented"),
            (Proposal { representative: national_id::of_serial(3), ..proposal.clone() }, "representative"),
            (Proposal { evidence: "rumour".to_owned(), ..proposal.clone() }, "evidence"),
            (Proposal { reference: " ".to_owned(), ..proposal.clone() }, "reference"),
            (Proposal { kind: "guardian".to_owned(), ..proposal.clone() }, "kind"),
        ] {
            let fault = propose(&officer("off_one"), &wrong).await.unwrap_err();
            assert_eq!(fault.fields()[0].field, field);
        }
        let refused = propose(&person(THABO, Assurance::Substantial), &proposal).await.unwrap_err();
        assert_eq!(refused.code(), "journal.act.forbidden");
        let id = propose(&officer("off_one"), &proposal).await.unwrap();
        let approve = async |by: &str| {
            let identity = world.identity.clone();
            world.acts.write(&officer(by), &Key::none(), move |cx| approve_mandate(cx, &identity, id, true)).await
        };
        assert_eq!(approve("off_one").await.unwrap_err().code(), "journal.act.forbidden");
        let mut browser = signed_in(&world).await;
        assert!(!browser.open("/acting").await.body.contains("Maluti"), "it waits");
        approve("off_two").await.unwrap();
        assert_eq!(approve("off_two").await.unwrap_err().code(), "identity.mandate.over");
        assert!(browser.open("/acting").await.body.contains("Maluti Wool Co-operative"));
        browser.submit("/acting", &[("for", &id.to_string())]).await;
        assert!(browser.me().await.contains(&format!("for {organisation}")));
        let journal = world.acts_done().await.into_iter().map(|(_, record)| record).collect::<String>();
        assert!(!journal.contains("minutes of") && journal.contains("resolution"));
    });
}

#[test]
fn death_or_a_lock_of_either_ends_it_in_the_same_commit_and_its_last_day_ends_it_too() {
    on_each(async |world| {
        let states =
            async || world.rows("SELECT state, COALESCE(ended_because, '') FROM identity_mandate ORDER BY id").await;
        let system = Caller::system("test");
        world.given("carer", &["certificates"]).await;
        let lock = |cx: &mut Cx<'_>| set_lock(cx, THABO, true);
        world.acts.write(&system, &Key::none(), lock).await.unwrap();
        assert_eq!(states().await, [("ended".to_owned(), "lock".to_owned())]);
        world.acts.write(&system, &Key::none(), |cx: &mut Cx<'_>| set_lock(cx, THABO, false)).await.unwrap();
        world.given("carer", &["certificates"]).await;
        let die = |cx: &mut Cx<'_>| closed_by_death(cx, LINEO, "2026-11-20".parse().unwrap());
        world.acts.write(&system, &Key::none(), die).await.unwrap();
        assert!(states().await.contains(&("ended".to_owned(), "death".to_owned())));
    });
    on_each(async |world| {
        let offer = Offer { valid_to: "2026-11-24".parse().unwrap(), ..wanted("carer", &["certificates"]) };
        let id = world.offered(&person(THABO, Assurance::Substantial), &offer).await.unwrap();
        world.answered(&person(LINEO, Assurance::Substantial), id, true).await.unwrap();
        world.clock.step(15 * 3600 + 50 * 60);
        let mut browser = signed_in(&world).await;
        browser.open("/acting").await;
        browser.submit("/acting", &[("for", &id.to_string())]).await;
        assert!(browser.me().await.contains(" for "), "today is its last day");
        world.clock.step(11 * 60);
        assert!(!browser.me().await.contains(" for "), "and over");
    });
}

#[test]
fn both_see_it_and_either_ends_it_on_their_page() {
    on_each(async |world| {
        let offer = wanted("carer", &["certificates", "records"]);
        let id = world.offered(&person(THABO, Assurance::Substantial), &offer).await.unwrap();
        let mut browser = signed_in(&world).await;
        let page = browser.open("/account/mandates").await;
        assert!(page.body.contains("Agree to act for Thabo Letsie"), "{}", page.body);
        let page = browser.submit("/account/mandates/answer", &[("mandate", &id.to_string()), ("answer", "yes")]).await;
        assert!(page.body.contains("End it: Thabo Letsie"), "{}", page.body);
        let page = browser.submit("/account/mandates/end", &[("mandate", &id.to_string())]).await;
        assert!(page.body.contains("Ended") && !page.body.contains("End it:"), "{}", page.body);
        // She lets him act for her, by the form.
        let page = browser.open("/account/mandates/new").await;
        assert!(
            page.body.contains("Power of attorney") && !page.body.contains("Officer of a business"),
            "{}",
            page.body
        );
        let number = national_id::of_serial(2);
        let day = [("valid_to-day", "1"), ("valid_to-month", "3"), ("valid_to-year", "2027")];
        let fields = [("kind", "carer"), ("number", number.as_str()), ("family", "letsie"), ("scopes", "records")];
        let missing = browser.send("/account/mandates/new", &fields).await;
        assert!(missing.status == 422 && missing.body.contains("Enter the last day"), "{}", missing.body);
        let all: Vec<(&str, &str)> = fields.into_iter().chain(day).collect();
        let page = browser.submit("/account/mandates/new", &all).await;
        assert!(page.body.contains("Thabo Letsie") && page.body.contains("Waits for an answer"), "{}", page.body);
    });
}
