//! The country's own packs: sound, complete, and doing what their tests say.

use services::{Catalogue, check, run_trials};
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

/// The good pack with one thing changed: from, to, the words whose line the fault is on, and what the fault says.
const WRONG: [(&str, &str, &str, &str); 17] = [
    (
        "authority = \"ministry-home-affairs\"",
        "authority = \"ministry-of-magic\"",
        "ministry-of-magic",
        "no institution",
    ),
    ("version = \"1.1.0\"", "version = \"one\"", "version = \"one\"", "three numbers"),
    ("reference = \"PP\"", "reference = \"passport\"", "reference = ", "two capital letters"),
    ("decide = \"P15D\"", "decide = \"a fortnight\"", "a fortnight", "not an ISO 8601 duration"),
    ("register = \"passport\"", "register = \"pasport\"", "\"pasport\"", "no register is called"),
    ("field = \"expires\"", "field = \"runs_out\"", "runs_out", "has no field \"runs_out\""),
    ("if = \"passport != null\"", "if = \"pass_port != null\"", "pass_port", "nothing is called \"pass_port\" here"),
    ("if = \"passport != null\"", "if = \"passport != \"", "if = \"passport != \"", "cannot be read"),
    ("later(today, 'P14D')", "tomorrow(today)", "tomorrow(", "no function is called \"tomorrow\""),
    ("id = \"collect_at\"", "id = \"district\"", "id = \"district\"", "known from a register already"),
    ("waiver = {", "hint = {", "id = \"reach\"\ntype", "known from a register already"),
    (", st = \"E tletse\" }", " }", "It is full", "not said in st-LS"),
    ("st = \"E tletse\"", "st = \"E tletse ka ditefo\"", "ditefo", "here one writes"),
    (
        "old_passport = \"passport.number\"\ndecided_on = { date = \"case.decided_on\" }",
        "",
        "layout = ",
        "needs the field \"decided_on\"",
    ),
    ("layout = \"passport-renewal\"", "layout = \"napkin\"", "napkin", "no layout is called"),
    ("output = \"slip\"", "output = \"slap\"", "id = \"issue\"", "name of an [[output]]"),
    ("sla = \"P3D\"", "", "id = \"examine\"", "a task needs"),
];

fn line_of(text: &str, words: &str) -> usize {
    let at = text.find(words).unwrap_or_else(|| panic!("{words:?} is not in the text"));
    text[..at].matches('\n').count() + 1
}

#[test]
fn a_pack_that_is_wrong_is_refused_with_its_line_and_what_to_do() {
    let (good, around) = (country::text("services/passport-renewal.toml"), country::around());
    for (from, to, place, says) in WRONG {
        assert!(good.contains(from), "{from:?} is not in the pack");
        let bad = good.replacen(from, to, 1);
        let faults = check("passport-renewal.toml", &bad, &around).expect_err(to);
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let line = line_of(&bad, place);
        let found = faults.iter().any(|fault| fault.line == line && fault.message.contains(says));
        assert!(found, "{to:?}: wanted {says:?} at line {line}, got {told:#?}");
    }
}

#[test]
fn a_file_that_is_no_pack_at_all_is_refused_without_a_panic() {
    let around = country::around();
    let good = country::text("services/birth-certificate-copy.toml");
    for (text, says) in [
        ("", "missing field"),
        ("[service", ""),
        ("\u{0}", ""),
        (good.replacen("legal_basis", "legal_bassis", 1).as_str(), "legal_bassis"),
        (good.replacen("kind = \"task\"", "kind = \"chore\"", 1).as_str(), "chore"),
        (good.replacen("effective = 2026-04-01", "effective = 07:30:00", 1).as_str(), "not a day"),
    ] {
        let faults = check("odd.toml", text, &around).expect_err("a fault");
        assert!(faults[0].message.contains(says), "{says:?}: {faults:?}");
    }
    // Cut anywhere, it is still only a fault.
    let cut: Vec<usize> = good.char_indices().map(|(at, _)| at).step_by(53).collect();
    for at in cut {
        drop(check("cut.toml", &good[..at], &around));
    }
}

#[test]
fn two_files_may_not_declare_one_service() {
    let text = country::text("services/birth-certificate-copy.toml");
    let files = [("one.toml", text.as_str()), ("two.toml", text.as_str())];
    let faults = Catalogue::parse(files, country::around(), country::folding()).unwrap_err();
    assert!(faults.iter().any(|fault| fault.file == "two.toml" && fault.message.contains("two files")), "{faults:?}");
}

#[test]
fn services_are_found_by_the_words_people_use() {
    let (catalogue, today) = (country::catalogue(), spine::Date::constant(2026, 11, 24));
    for (words, wanted) in [
        ("passport", "passport-renewal"),
        ("phasepoto", "passport-renewal"),
        ("PHASE", "passport-renewal"),
        ("laesense", "driver-licence-renewal"),
        ("driving license", "driver-licence-renewal"),
        ("tsoalo", "birth-certificate-copy"),
        ("birth certificate", "birth-certificate-copy"),
    ] {
        for language in ["en-LS", "st-LS"] {
            let found = catalogue.search(words, &Language::new(language), today);
            let ids: Vec<&str> = found.iter().map(|service| service.id()).collect();
            assert!(ids.contains(&wanted), "{words} in {language}: {ids:?}");
        }
    }
    assert!(catalogue.search("qwertz", &Language::new("en-LS"), today).is_empty());
    let before = spine::Date::constant(2020, 1, 1);
    assert!(catalogue.all(&Language::new("en-LS"), before).is_empty());
}
