//! The country's own packs: sound, complete, and doing what their tests say.

use services::{check, run_trials};
use spine::Language;

use crate::country;

#[test]
fn every_trial_of_every_pack_comes_out_as_it_says() {
    let catalogue = country::catalogue();
    for id in country::SERVICES {
        let service = catalogue.offered(id).unwrap();
        let tried = run_trials(service);
        assert!(tried.len() >= 4, "{id} has {} trials", tried.len());
        for trial in tried {
            let faults: Vec<String> = trial.faults.iter().map(ToString::to_string).collect();
            assert!(faults.is_empty(), "{id}.toml:{}: {}: {faults:?}", trial.line, trial.name);
        }
    }
}

#[test]
fn whatever_the_sources_do_not_give_is_marked_as_an_example() {
    let catalogue = country::catalogue();
    for id in country::SERVICES {
        let pack = catalogue.offered(id).unwrap().pack();
        assert!(pack.service.illustrative, "{id}");
        assert!(pack.fees.iter().all(|fee| fee.illustrative && fee.minor > 0), "{id}");
        let law = pack.service.legal_basis.in_language(&Language::new("en"));
        assert!(law.contains("illustrative"), "{id}: {law}");
        for rule in &pack.rules {
            let cite = rule.cite.in_language(&Language::new("en"));
            assert!(cite.contains("illustrative"), "{id}: {cite}");
        }
    }
}

#[test]
fn a_pack_that_is_wrong_is_refused_with_its_line() {
    let good = country::text("services/passport-renewal.toml");
    let around = country::around();
    assert!(check("good.toml", &good, &around).is_ok());
}
