//! Sending, carrying, forgetting, and what a person reads again.

use messages::{CarryFault, Channel};
use spine::{Caller, Fault, Personal};

use crate::{Bench, on_each, to_lineo};

async fn own(bench: &Bench) -> Vec<messages::OwnNotice> {
    let messages = bench.messages.clone();
    let read = move |cx: &mut spine::Cx<'_>| messages.notices_of(cx, "per_lineo", None, 10);
    bench.acts.read(&Caller::system("test"), read).await.unwrap()
}

#[test]
fn a_notice_goes_each_way_once_and_stands_among_her_own() {
    on_each(async |bench| {
        let mut notice = to_lineo("Tšepo, kopo ea hau e amohetsoe – kea leboha", false);
        notice.email = Some(Personal::new("lineo@example.ls".to_owned()));
        let id = bench.send(notice).await.unwrap();
        assert_eq!((bench.work().await, bench.work().await), (2, 0));
        let carried = bench.pigeon.carried.lock().unwrap().clone();
        assert!(carried.contains(&("+26658001234".into(), "Tsepo, kopo ea hau e amohetsoe - kea leboha".into())));
        let own = own(&bench).await;
        assert_eq!((own.len(), own[0].id, own[0].subject.as_str()), (1, id, "Imeile"));
        assert_eq!(own[0].channels, [Channel::Sms, Channel::Email]);
        assert!(own[0].body.starts_with("Tšepo"), "her own page has all letters");
    });
}

#[test]
fn a_deed_that_fails_tells_nobody() {
    on_each(async |bench| {
        let messages = bench.messages.clone();
        let (caller, key) = (Caller::system("test"), journal::Key::none());
        let failed = bench.acts.write(&caller, &key, move |cx| {
            messages.send(cx, &to_lineo("never", false))?;
            Err::<(), _>(Fault::conflict("it.on.purpose"))
        });
        assert!(failed.await.is_err());
        assert_eq!(bench.work().await, 0);
        assert!(own(&bench).await.is_empty());
    });
}

#[test]
fn a_carrier_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    on_each(async |bench| {
        bench.pigeon.faults.lock().unwrap().extend([CarryFault::Later, CarryFault::Later]);
        bench.send(to_lineo("one", false)).await.unwrap();
        for _ in 0..3 {
            bench.work().await;
            bench.clock.step(10);
        }
        assert_eq!(bench.pigeon.carried.lock().unwrap().len(), 1);
        bench.pigeon.faults.lock().unwrap().push(CarryFault::Refused);
        bench.send(to_lineo("two", false)).await.unwrap();
        bench.work().await;
        bench.clock.step(1000);
        assert_eq!(bench.work().await, 0);
        assert_eq!(bench.pigeon.carried.lock().unwrap().len(), 1);
    });
}

#[test]
fn a_secret_is_carried_in_time_or_not_at_all_and_then_nowhere() {
    on_each(async |bench| {
        bench.send(to_lineo("Khoutu: 123456", true)).await.unwrap();
        bench.work().await;
        assert_eq!(bench.pigeon.carried.lock().unwrap().len(), 1);
        assert!(own(&bench).await.is_empty(), "a code is not for reading again");

        bench.pigeon.faults.lock().unwrap().extend(vec![CarryFault::Later; 1]);
        bench.send(to_lineo("Khoutu: 654321", true)).await.unwrap();
        bench.work().await;
        bench.clock.step(15 * 60);
        bench.work().await;
        assert_eq!(bench.pigeon.carried.lock().unwrap().len(), 1, "a late code lets nobody in");
        let left = |cx: &mut spine::Cx<'_>| {
            let sql = "SELECT id FROM messages_notice WHERE body IS NOT NULL OR subject IS NOT NULL";
            Ok(cx.tx().query(sql, &[])?.len())
        };
        assert_eq!(bench.acts.read(&Caller::system("test"), left).await.unwrap(), 0);
    });
}

#[test]
fn an_address_that_cannot_be_one_stops_nothing() {
    on_each(async |bench| {
        let mut notice = to_lineo("hello", false);
        notice.phone = Some(Personal::new("unknown".to_owned()));
        notice.email = Some(Personal::new("a@b\r\nBcc: c@d".to_owned()));
        bench.send(notice).await.unwrap();
        assert_eq!(bench.work().await, 0);
        assert_eq!(own(&bench).await[0].channels, []);
    });
}

#[test]
fn nothing_personal_is_in_acts_or_jobs() {
    on_each(async |bench| {
        bench.send(to_lineo("Khoutu: 123456", true)).await.unwrap();
        let look = |cx: &mut spine::Cx<'_>| {
            let mut texts = Vec::new();
            for row in cx.tx().query("SELECT record FROM journal_act", &[])? {
                texts.push(row.get::<String>(0)?);
            }
            for row in cx.tx().query("SELECT body FROM journal_job", &[])? {
                texts.push(row.get::<String>(0)?);
            }
            Ok(texts)
        };
        let texts = bench.acts.read(&Caller::system("test"), look).await.unwrap().join("\n");
        assert!(texts.contains("messages.notice.sent") && texts.contains("per_lineo"));
        assert!(!texts.contains("5800") && !texts.contains("123456"), "{texts}");
    });
}
