//! The declaration of kinds: what is wrong in it is told with its place.

use civil::Kinds;

use crate::world::{read, registers};

#[test]
fn a_name_that_leads_nowhere_is_told() {
    let text = read("civil.toml");
    Kinds::parse(&text, &registers()).unwrap();
    for (from, to, says) in [
        ("register = \"birth\"", "register = \"brith\"", "there is no register \"brith\""),
        ("date = \"born\"", "date = \"given\"", "date = \"given\" is no Date field"),
        ("ask = [\"given\"", "ask = [\"givven\"", "has no field \"givven\""),
        ("evidence = [\"police-report\"]", "evidence = [\"rumour\"]", "there is no evidence \"rumour\""),
        ("needs = [\"mother\"]", "needs = [\"midwife\"]", "there is no party \"midwife\""),
        ("majority_years = 18", "majority_years = \"x\"", "line 5"),
        ("majority_years = 18", "majority_years = 18\nmajority = 18", "unknown field"),
    ] {
        let error = Kinds::parse(&text.replacen(from, to, 1), &registers()).unwrap_err().to_string();
        assert!(error.contains(says), "{from}: {error}");
    }
}
