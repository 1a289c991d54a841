//! Chiefs: a word signed beforehand, a letter confirmed or denied afterwards, and that each word serves once.

use identity::{Beginning, IntroductionState, answer_introduction, approve, begin, introduce, own_introductions};
use spine::FaultKind;

use super::{act, chief, fields_of, in_the_country, operator, seen, send, supervisor, told, with_evidence, write_down};

#[test]
fn a_chiefs_word_serves_one_application() {
    in_the_country(async |world| {
        let whom = told("Mosa", "Letsie", "1961-05-02");
        let reference = act(&world, &chief(), move |cx, engine| introduce(cx, engine, &whom)).await.unwrap();
        assert!(reference.starts_with('L'));
        let id = with_evidence(&world, "chief", &civil::reference::shown(&reference)).await.unwrap();
        let application = seen(&world, id).await.application;
        assert_eq!(application.name(), "Mosa Letsie");
        assert_eq!(application.text("phone"), "", "a chief tells who she is, not her phone");
        let again = with_evidence(&world, "chief", &reference).await.unwrap_err();
        assert_eq!(fields_of(&again), ["paper"]);
        // Given up, the word serves again.
        act(&world, &operator(), move |cx, _| identity::withdraw(cx, id)).await.unwrap();
        with_evidence(&world, "chief", &reference).await.unwrap();
    });
}

#[test]
fn a_letter_waits_for_its_chief() {
    in_the_country(async |world| {
        let said = Beginning {
            evidence: "chief".to_owned(),
            paper: "12/2026".to_owned(),
            chief: "M.Mokoena".to_owned(),
            letter_on: Some("2026-11-20".parse().unwrap()),
        };
        for yes in [true, false] {
            let said = said.clone();
            let id = act(&world, &operator(), move |cx, engine| begin(cx, engine, &said)).await.unwrap();
            let (given, born) = if yes { ("Mosa", "1961-05-02") } else { ("Thabo", "1980-01-01") };
            write_down(&world, id, told(given, "Ntsane", born)).await.unwrap();
            send(&world, id).await.unwrap();
            let early = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap_err();
            assert_eq!(early.code(), "identity.enrolment.introducer");
            let own = act(&world, &chief(), |cx, _| own_introductions(cx)).await.unwrap();
            let waiting = own.iter().find(|one| one.introduction.state == IntroductionState::Waiting).unwrap();
            assert_eq!(waiting.told["given"], given, "the chief sees whom the letter is about");
            let introduction = waiting.introduction.id;
            act(&world, &chief(), move |cx, _| answer_introduction(cx, introduction, yes)).await.unwrap();
            let twice =
                act(&world, &chief(), move |cx, _| answer_introduction(cx, introduction, true)).await.unwrap_err();
            assert_eq!(twice.code(), "identity.introduction.decided");
            let outcome = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await;
            assert_eq!(outcome.is_ok(), yes);
        }
    });
}

#[test]
fn nobody_signs_in_a_chiefs_place() {
    in_the_country(async |world| {
        let whom = told("Mosa", "Letsie", "1961-05-02");
        for who in [operator(), supervisor()] {
            let whom = whom.clone();
            let fault = act(&world, &who, move |cx, engine| introduce(cx, engine, &whom)).await.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Forbidden);
        }
        let said = Beginning {
            evidence: "chief".to_owned(),
            paper: "12/2026".to_owned(),
            chief: "m.mokoena".to_owned(),
            letter_on: Some("2026-11-20".parse().unwrap()),
        };
        act(&world, &operator(), move |cx, engine| begin(cx, engine, &said)).await.unwrap();
        let own = act(&world, &chief(), |cx, _| own_introductions(cx)).await.unwrap();
        let introduction = own[0].introduction.id;
        let other = super::officer("off_01jdf2k9q8e9t8xq8m2n4v6wa9", "chief");
        let fault = act(&world, &other, move |cx, _| answer_introduction(cx, introduction, true)).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Forbidden);
        let missing = told("", "Letsie", "1961-05-02");
        let fault = act(&world, &chief(), move |cx, engine| introduce(cx, engine, &missing)).await.unwrap_err();
        assert!(fields_of(&fault).contains(&"given".to_owned()));
    });
}
