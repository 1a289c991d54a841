//! Lists: bad lines told and the others kept, sent again without effect, by rule.

use civil::national_id;
use grants::lists::NewList;
use grants::{Grants, Source};
use spine::Cx;

use crate::world::{PENSION, World, on_each, preparer};

#[test]
fn one_bad_line_spoils_nothing() {
    on_each(async |world: World| {
        let people = world.people(1, 3, "1950-01-01").await;
        let text = format!(
            "id_number,amount,reference\n{},900.00,a\n123456789012,900.00,b\n{},\"1,000\",c\n{},900.00,d\n{},900.00,e\n\n{},5000.00,f\n",
            people[0].number, people[1].number, people[1].number, people[0].number, people[2].number,
        );
        let sent = world.list("November", &text).await.unwrap();
        let refused: Vec<(i64, &str)> = sent.refused.iter().map(|(line, why)| (*line, why.as_str())).collect();
        assert_eq!(refused, [(3, "number"), (4, "amount"), (6, "twice"), (8, "amount_most")]);
        assert_eq!((sent.list.lines, sent.list.accepted, sent.list.refused), (6, 2, 4));
        assert_eq!(sent.list.control_minor, 180_000);
        assert!(sent.list.is_ready);
        let id = sent.list.id;
        let seen = world.write(&preparer(), move |cx, grants| grants::lists::view(cx, grants, id, 4)).await.unwrap();
        assert_eq!(seen.refused.len(), 2, "the page goes on after a line");
    });
}

#[test]
fn sent_again_it_changes_nothing_and_another_is_refused() {
    on_each(async |world: World| {
        let mut text = "id_number\n".to_owned();
        for serial in 0..2_500 {
            text.push_str(&national_id::of_serial(serial));
            text.push('\n');
        }
        let first = world.list("November", &text).await.unwrap();
        assert_eq!((first.list.accepted, first.list.control_minor), (2_500, 2_500 * 90_000));
        assert_eq!(world.list("November", &text).await.unwrap().list, first.list);
        let other = text.replacen(&national_id::of_serial(0), &national_id::of_serial(9_999), 1);
        assert_eq!(world.list("November", &other).await.unwrap_err().code(), "journal.key.reused");
        let longer = format!("{text}{}\n", national_id::of_serial(9_999));
        assert!(world.list("November", &longer).await.is_err());
        let shorter: String = text.lines().take(1_001).map(|line| format!("{line}\n")).collect();
        assert_eq!(world.list("November", &shorter).await.unwrap_err().code(), "grants.list.differs");
    });
}

#[test]
fn what_broke_off_goes_on() {
    on_each(async |world: World| {
        let line = |serial| format!("{}\n", national_id::of_serial(serial));
        let whole: String = std::iter::once("id_number\n".to_owned()).chain((0..1_500).map(line)).collect();
        let new = NewList { programme: PENSION.to_owned(), name: "broken".to_owned(), source: Source::File };
        let begun = new.clone();
        let list = world.write(&preparer(), move |cx, grants| grants::lists::begin(cx, grants, &begun)).await.unwrap();
        let piece: Vec<(i64, String)> =
            (0..1_000).map(|serial| (serial + 2, national_id::of_serial(u64::try_from(serial).unwrap()))).collect();
        let key = journal::Key::new(
            &format!("grants.list:{}", list.id),
            "0",
            &serde_json::to_vec(&("id_number", &piece)).unwrap(),
        );
        let grants: Grants = world.grants.clone();
        let id = list.id;
        let take = move |cx: &mut Cx<'_>| grants::lists::take_lines(cx, &grants, id, "id_number", &piece);
        world.acts.write(&preparer(), &key, take).await.unwrap();
        let sent = world.list("broken", &whole).await.unwrap();
        assert_eq!((sent.list.id, sent.list.accepted), (list.id, 1_500));
    });
}

#[test]
fn heads_names_and_sums_are_held_to() {
    on_each(async |world: World| {
        for (text, code) in [
            ("", "grants.list.columns"),
            ("number;amount\n", "grants.list.columns"),
            ("\u{0}\u{1}\n1\n", "grants.list.columns"),
        ] {
            assert_eq!(world.list(&format!("bad {}", text.len()), text).await.unwrap_err().code(), code, "{text}");
        }
        assert_eq!(world.list(" ", "id_number\n").await.unwrap_err().code(), "grants.list.name");
        let text = format!("id_number\n{}\n", national_id::of_serial(1));
        let new = NewList { programme: PENSION.to_owned(), name: "control".to_owned(), source: Source::File };
        let source = std::io::Cursor::new(text.clone());
        let wrong = grants::lists::take_file(&world.grants, &preparer(), new.clone(), source, Some(1)).await;
        assert_eq!(wrong.unwrap_err().code(), "grants.list.control");
        let source = std::io::Cursor::new(text);
        let right = grants::lists::take_file(&world.grants, &preparer(), new, source, Some(90_000)).await;
        assert!(right.unwrap().list.is_ready);
        let farm = NewList { programme: "payroll".to_owned(), name: "x".to_owned(), source: Source::File };
        let begun = world.write(&preparer(), move |cx, grants| grants::lists::begin(cx, grants, &farm)).await;
        assert_eq!(begun.unwrap_err().kind(), spine::FaultKind::Forbidden, "another ministry's");
    });
}

#[test]
fn the_rule_says_who() {
    on_each(async |world: World| {
        world.people(1, 700, "1950-01-01").await;
        world.people(1_001, 20, "1980-01-01").await;
        let list = world.gathered("November").await;
        assert!(list.is_ready);
        assert_eq!((list.accepted, list.refused, list.control_minor), (700, 0, 700 * 90_000));
        assert_eq!(world.gathered("November").await, list, "asked for again it is the same");
        let no_rule =
            world.write(&preparer(), |cx, grants| grants::lists::gather(cx, grants, "child-grant", "x")).await;
        assert_eq!(no_rule.unwrap_err().code(), "grants.list.no_rule");
    });
}
