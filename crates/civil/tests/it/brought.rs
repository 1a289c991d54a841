//! Records of other systems: in once, held where somebody may be here already, and what follows from a death.

use civil::{Incoming, IncomingEntry, Taken, Tie, national_id};
use registers::Fields;
use serde_json::{Value, json};

use crate::world::{Bench, clerk, object, on_each, registrar};
use spine::{Caller, Fault};

fn person(given: &str, family: &str, born: &str) -> Fields {
    object(json!({"given": given, "family": family, "born": born, "sex": "female", "district": "leribe"}))
}

fn uin(number: &str, person: Fields) -> Incoming {
    Incoming { system: "mosip".to_owned(), number: number.to_owned(), person, ..Incoming::default() }
}

fn entry(register: &str, fields: Value, subject: Option<&str>) -> Option<IncomingEntry> {
    let (register, subject) = (register.to_owned(), subject.map(str::to_owned));
    Some(IncomingEntry { register, fields: object(fields), subject })
}

impl Bench {
    async fn take(&self, all: Vec<Incoming>) -> Result<Vec<Taken>, Fault> {
        let civil = self.civil.clone();
        self.write(&Caller::system("import"), move |cx| civil::take(cx, &civil, &all)).await
    }

    async fn whose(&self, number: &'static str) -> Option<String> {
        let civil = self.civil.clone();
        self.read(move |cx| civil::resolve(cx, &civil, number)).await
    }
}

#[test]
fn the_same_record_comes_in_once_and_keeps_its_numbers() {
    on_each(async |bench| {
        let one = Incoming {
            aliases: vec!["4932107586213954".to_owned()],
            ..uin("981576026435", person("Lineo", "Mokoena", "1992-03-14"))
        };
        let civil = bench.civil.clone();
        let all = vec![one.clone()];
        let foreseen = bench.read(move |cx| civil::rehearse(cx, &civil, &all)).await;
        assert_eq!(foreseen, [Taken::New]);
        assert_eq!(bench.whose("981576026435").await, None, "a rehearsal writes nothing");
        assert_eq!(bench.take(vec![one.clone()]).await.unwrap(), [Taken::New]);
        assert_eq!(bench.take(vec![one.clone(), one.clone()]).await.unwrap(), [Taken::Known, Taken::Known]);
        let id = bench.whose("981576026435").await.unwrap();
        assert_eq!(bench.whose("4932107586213954").await.as_ref(), Some(&id));
        let record = bench.record(&id).await;
        assert!(national_id::parse(record.key()).is_some(), "a number of ours, which checks");
        assert_ne!(record.key(), "981576026435");
        let of = id.clone();
        assert_eq!(bench.read(move |cx| civil::foreign_numbers(cx, &of)).await.len(), 2);
        // What it says now is another thing: told, and left.
        let changed = uin("981576026435", person("Lineo", "Letsie", "1992-03-14"));
        assert_eq!(bench.take(vec![changed]).await.unwrap(), [Taken::Differs]);
        assert_eq!(bench.record(&id).await.text("family"), "Mokoena");
        // A VID on a line of its own.
        let vid = |uin: &str| Incoming {
            system: "mosip".to_owned(),
            number: "77001".to_owned(),
            aliases: vec![uin.to_owned()],
            ..Incoming::default()
        };
        assert_eq!(bench.take(vec![vid("1")]).await.unwrap_err().code(), "civil.person.unknown");
        assert_eq!(bench.take(vec![vid("981576026435")]).await.unwrap(), [Taken::New]);
        assert_eq!(bench.whose("77001").await, Some(id));
        assert!(!bench.evidence().await.contains("981576026435"), "numbers stand in no act");
    });
}

#[test]
fn whoever_may_be_here_is_held_until_a_registrar_says() {
    on_each(async |bench| {
        let (here, _) = bench.person(1, "Tšepo Mokoena", "1992-03-14", "female").await;
        let held = uin("100", person("Tshepo", "Mokwena", "1992-03-15"));
        let twin = uin("101", person("Tshepo", "Mokoena", "1992-03-14"));
        assert_eq!(bench.take(vec![held.clone(), twin]).await.unwrap(), [Taken::Held, Taken::Held]);
        assert_eq!(bench.take(vec![held]).await.unwrap(), [Taken::Known], "it waits once");
        assert_eq!(bench.whose("100").await, None);
        let refused = bench.write(&clerk(), |cx| civil::held(cx).map(|all| all.len())).await.unwrap_err();
        assert_eq!(refused.code(), "journal.act.forbidden");
        assert_eq!(bench.write(&registrar(), |cx| civil::held(cx).map(|all| all.len())).await.unwrap(), 2);
        let settle = async |number: &'static str, same: Option<String>| {
            let civil = bench.civil.clone();
            let work = move |cx: &mut spine::Cx<'_>| civil::settle(cx, &civil, ("mosip", number), same.as_deref());
            bench.write(&registrar(), work).await
        };
        let stranger = settle("100", Some("per_01jdf2k9q8e9t8xq8m2n4v6w99".to_owned())).await.unwrap_err();
        assert_eq!(stranger.code(), "civil.person.unknown");
        settle("100", Some(here.clone())).await.unwrap();
        assert_eq!(bench.whose("100").await, Some(here.clone()));
        assert_eq!(settle("100", None).await.unwrap_err().code(), "civil.record.settled");
        settle("101", None).await.unwrap();
        let other = bench.whose("101").await.unwrap();
        assert_ne!(other, here);
    });
}

#[test]
fn a_birth_has_its_parents_a_death_ends_and_a_marriage_binds() {
    on_each(async |bench| {
        let mother = uin("200", person("Lineo", "Mokoena", "1992-03-14"));
        let father = uin("201", person("Thabo", "Mokoena", "1990-01-01"));
        bench.take(vec![mother, father]).await.unwrap();
        let birth = Incoming {
            system: "opencrvs".to_owned(),
            number: "2024B77FF6".to_owned(),
            person: person("Palesa", "Mokoena", "2024-02-02"),
            parents: vec![(Tie::Mother, "200".to_owned()), (Tie::Father, "999".to_owned())],
            entry: entry(
                "birth",
                json!({"entry": "2024B77FF6", "given": "Palesa", "family": "Mokoena", "born": "2024-02-02", "sex": "female",
                    "district": "leribe", "mother": "Lineo Mokoena", "registered_on": "2024-02-20"}),
                Some("person"),
            ),
            ..Incoming::default()
        };
        let marriage = Incoming {
            system: "opencrvs".to_owned(),
            number: "2020M1".to_owned(),
            married: Some(("200".to_owned(), "201".to_owned(), "2020-05-01".parse().unwrap())),
            entry: entry(
                "marriage",
                json!({"entry": "2020M1", "spouse_one": "Lineo Mokoena", "spouse_two": "Thabo Mokoena", "married": "2020-05-01",
                    "district": "leribe", "registered_on": "2020-05-02"}),
                None,
            ),
            ..Incoming::default()
        };
        assert_eq!(bench.take(vec![birth.clone(), marriage]).await.unwrap(), [Taken::New, Taken::New]);
        let (child, lineo) = (bench.whose("2024B77FF6").await.unwrap(), bench.whose("200").await.unwrap());
        let (civil, ward) = (bench.civil.clone(), child.clone());
        assert_eq!(bench.read(move |cx| civil::guardians(cx, &civil, &ward)).await, std::slice::from_ref(&lineo));
        let registers = crate::world::registers();
        let record = bench.read(move |cx| registers::find(cx, &registers, "birth", "2024B77FF6")).await.unwrap();
        assert_eq!((record.text("person"), record.text("mother_id")), (child.as_str(), lineo.as_str()));

        let death = Incoming {
            system: "opencrvs".to_owned(),
            number: "2025D9".to_owned(),
            aliases: vec!["201".to_owned()],
            person: person("Thabo", "Mokoena", "1990-01-01"),
            died: Some("2025-01-10".parse().unwrap()),
            entry: entry(
                "death",
                json!({"entry": "2025D9", "given": "Thabo", "family": "Mokoena", "died": "2025-01-10", "sex": "male",
                    "district": "leribe", "registered_on": "2025-01-12"}),
                Some("person"),
            ),
            ..Incoming::default()
        };
        assert_eq!(bench.take(vec![death.clone()]).await.unwrap(), [Taken::New]);
        assert_eq!(bench.take(vec![death, birth.clone()]).await.unwrap(), [Taken::Known, Taken::Known]);
        let thabo = bench.whose("201").await.unwrap();
        assert_eq!(bench.record(&thabo).await.text("died"), "2025-01-10");
        assert!(bench.heard().contains(&format!("died {thabo} 2025-01-10")), "what follows from a death follows");
        // An entry of that number that came another way: all of the batch waits, and nothing of it is kept.
        let again =
            Incoming { number: "2024B77FF6-2".to_owned(), person: person("Pule", "Nkhasi", "2024-02-03"), ..birth };
        let fault = bench.take(vec![uin("300", person("Neo", "Tau", "1999-09-09")), again]).await.unwrap_err();
        assert_eq!(fault.code(), "civil.record.entry");
        assert_eq!(bench.whose("300").await, None);
        let odd = Incoming { number: "a b".to_owned(), ..uin("", person("A", "B", "1999-09-09")) };
        assert_eq!(bench.take(vec![odd]).await.unwrap_err().code(), "civil.record.number");
    });
}
