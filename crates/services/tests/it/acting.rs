//! A case for another: within what was given, with everything it leads to, and nothing beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use services::CaseState;
use spine::{Actor, Behalf, Caller, Localised, Personal, Scope};

use crate::bench::{Bench, on_each, says};

fn scope(id: &str, services: &[&str], more: &[&str]) -> Arc<Scope> {
    let actions = ["start", "view", "answer", "submit", "withdraw"].map(|verb| format!("services.case.{verb}"));
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<String>>();
    Arc::new(Scope {
        id: id.to_owned(),
        name: Localised::from([("en", id)]),
        actions: actions.into_iter().chain(set(more)).collect(),
        services: set(services),
    })
}

/// Thabo, who may ask for a copy of a birth certificate for Lineo.
fn for_lineo(bench: &Bench) -> Caller {
    let money = ["make", "view", "pay", "withdraw", "return"].map(|verb| format!("payments.request.{verb}"));
    let money: Vec<&str> = money.iter().map(String::as_str).collect();
    let known: Arc<[Arc<Scope>]> = Arc::new([
        scope("certificates", &["birth-certificate-copy"], &money),
        scope("passports", &["passport-renewal"], &money),
    ]);
    let behalf = Behalf {
        person: bench.lineo.actor.id.clone(),
        name: Personal::default(),
        kind: "carer".to_owned(),
        mandate: None,
        scopes: known.iter().take(1).cloned().collect(),
        known,
    };
    let actor = Actor { on_behalf_of: Some(Arc::new(behalf)), ..bench.thabo.actor.clone() };
    Caller { actor, ..bench.thabo.clone() }
}

#[test]
fn a_carer_asks_for_a_copy_and_for_nothing_else() {
    on_each(async |bench| {
        let carer = for_lineo(&bench);
        let answers = vec![("use", says(&[("use", "school")])), ("delivery", says(&[("delivery", "file")]))];
        let case = bench.draft(&carer, "birth-certificate-copy", answers).await;
        assert_eq!(bench.submit(&carer, case).await.unwrap(), CaseState::Paying);
        bench.pay(&carer, case).await;
        assert_eq!(bench.state(case).await, "examining");
        // It is Lineo's case, and she sees that it was done for her.
        let deeds = bench.deeds(&bench.lineo).await;
        assert_eq!(deeds.get("services.case.submitted"), Some(&1), "{deeds:?}");
        let lineo = bench.lineo.actor.id.clone();
        let about = lineo.clone();
        let acts = bench.read(move |cx| journal::acts_about(cx, &about, None, 50)).await;
        let sent = acts.iter().find(|act| act.kind == "services.case.submitted").unwrap();
        assert_eq!(sent.actor.id, bench.thabo.actor.id);
        assert_eq!(sent.on_behalf_of.as_deref(), Some(lineo.as_str()));

        let beyond = bench.start(&carer, "passport-renewal").await.unwrap_err();
        assert_eq!(beyond.code(), "spine.mandate.beyond");
        assert!(
            matches!(beyond.text().arg("scope"), Some(spine::Arg::Localised(name)) if name == &Localised::from([("en", "passports")]))
        );
        let never = bench.start(&carer, "driver-licence-renewal").await.unwrap_err();
        assert_eq!(never.code(), "spine.mandate.never");
        // As himself he has no part in it, and acting for her none in his own.
        assert_eq!(bench.withdraw(&bench.thabo, case).await.unwrap_err().code(), "journal.act.forbidden");
        let own = bench.start(&bench.thabo, "birth-certificate-copy").await.unwrap();
        assert_eq!(bench.withdraw(&carer, own).await.unwrap_err().code(), "journal.act.forbidden");
        bench.withdraw(&bench.lineo, case).await.unwrap();
    });
}
