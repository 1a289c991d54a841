//! The evidence log through its face: it grows, its receipts hold, its witnesses are not deceived.

use std::sync::Arc;

use crypto::{Algorithm, SigningKey};
use edge::{Outbound, OutboundLimits};
use journal::log::{
    Cosigner, LogKey, Sequencer, Witness, WitnessFault, cosigned_at, head, open_head, receipt, verify, witness_routes,
};
use journal::{Acts, Key};
use spine::{Act, Caller, Resource};

use crate::{Bench, on_each};

fn key(name: &str) -> LogKey {
    LogKey::new(name, SigningKey::generate(Algorithm::EdDsa).unwrap()).unwrap()
}

async fn deed(acts: &Acts, object: &str) {
    let object = object.to_owned();
    let caller = Caller::system("it");
    acts.write(&caller, &Key::none(), move |cx| {
        cx.may("it.thing.do", &Resource::new("Thing", &object))?;
        cx.record(Act::new("it.thing.done").about("per_x").on(&object).because("test", "none"));
        Ok(())
    })
    .await
    .unwrap();
}

async fn grow(sequencer: &Sequencer) -> u64 {
    let mut added = 0;
    loop {
        match sequencer.step().await.unwrap() {
            0 => return added,
            more => added += more,
        }
    }
}

#[test]
fn every_act_gets_a_receipt_that_anybody_can_check() {
    on_each(async |bench: Bench| {
        let log = Arc::new(key("log.example/ls"));
        let sequencer = Sequencer::new(bench.acts.clone(), Arc::clone(&log));
        let system = Caller::system("it");
        deed(&bench.acts, "thing-0").await;
        assert_eq!(bench.acts.read(&system, |cx| receipt(cx, "it.thing.done", "thing-0")).await.unwrap(), None);
        let mut made = 1;
        // Sizes around the width of a tile, where mistakes live.
        for size in [1, 2, 3, 255, 256, 257, 600] {
            while made < size {
                deed(&bench.acts, &format!("thing-{made}")).await;
                made += 1;
            }
            grow(&sequencer).await;
            for place in [0, size / 2, size - 1] {
                let object = format!("thing-{place}");
                let given =
                    bench.acts.read(&system, move |cx| receipt(cx, "it.thing.done", &object)).await.unwrap().unwrap();
                let proven = verify(&given, &log.verifier()).unwrap();
                assert_eq!(proven.act["object"], format!("thing-{place}"));
                assert_eq!((proven.size, proven.log.as_str()), (size, "log.example/ls"));
                assert!(given.index < size);
            }
        }
    });
}

#[test]
fn a_changed_receipt_is_refused_with_words() {
    on_each(async |bench: Bench| {
        let log = Arc::new(key("log.example/ls"));
        let sequencer = Sequencer::new(bench.acts.clone(), Arc::clone(&log));
        for number in 0..5 {
            deed(&bench.acts, &format!("thing-{number}")).await;
        }
        grow(&sequencer).await;
        let good = bench
            .acts
            .read(&Caller::system("it"), |cx| receipt(cx, "it.thing.done", "thing-3"))
            .await
            .unwrap()
            .unwrap();
        let refused = |change: &dyn Fn(&mut journal::log::Receipt)| {
            let mut changed = good.clone();
            change(&mut changed);
            verify(&changed, &log.verifier()).unwrap_err().to_string()
        };
        assert!(refused(&|receipt| receipt.record = receipt.record.replace("thing-3", "thing-4")).contains("changed"));
        assert!(refused(&|receipt| receipt.index = 2).contains("changed"));
        assert!(refused(&|receipt| receipt.index = u64::MAX).contains("changed"));
        assert!(refused(&|receipt| receipt.salt = "zz".to_owned()).contains("salt"));
        assert!(refused(&|receipt| receipt.proof.clear()).contains("changed"));
        assert!(refused(&|receipt| receipt.proof = vec!["?".to_owned()]).contains("32 bytes"));
        assert!(refused(&|receipt| receipt.proof = vec![receipt.proof[0].clone(); 200]).contains("too long"));
        assert!(refused(&|receipt| receipt.checkpoint.push('x')).contains("signed head"));
        assert!(
            refused(&|receipt| receipt.checkpoint = receipt.checkpoint.replace("\n5\n", "\n6\n"))
                .contains("not signed")
        );
        assert!(verify(&good, &key("log.example/ls").verifier()).is_err(), "another key of the same name");
    });
}

#[test]
fn several_sequencers_at_once_lose_and_double_nothing() {
    on_each(async |bench: Bench| {
        let log = Arc::new(key("log.example/ls"));
        for number in 0..300 {
            deed(&bench.acts, &format!("thing-{number}")).await;
        }
        let two: Vec<Sequencer> = (0..3).map(|_| Sequencer::new(bench.acts.clone(), Arc::clone(&log))).collect();
        let added = tokio::join!(grow(&two[0]), grow(&two[1]), grow(&two[2]));
        assert_eq!(added.0 + added.1 + added.2, 300);
        let head = bench.acts.read(&Caller::system("it"), head).await.unwrap().unwrap();
        assert_eq!(open_head(&head.note, &log.verifier()).unwrap().size(), 300);
        let mut places = Vec::new();
        for number in 0..300 {
            let object = format!("thing-{number}");
            let given = bench.acts.read(&Caller::system("it"), move |cx| receipt(cx, "it.thing.done", &object)).await;
            places.push(given.unwrap().unwrap().index);
        }
        places.sort_unstable();
        assert_eq!(places, (0..300).collect::<Vec<_>>());
    });
}

#[test]
fn a_witness_is_shown_one_history_or_none() {
    on_each(async |bench: Bench| {
        let log = Arc::new(key("log.example/ls"));
        let sequencer = Sequencer::new(bench.acts.clone(), Arc::clone(&log));
        let file = std::env::temp_dir().join(testkit::unique("witness"));
        let cosigner = || {
            let mine = LogKey::new(
                "witness.example/one",
                SigningKey::in_file(&file.with_extension("key"), Algorithm::EdDsa).unwrap(),
            );
            Cosigner::new(mine.unwrap(), log.verifier(), &file, Arc::clone(&bench.clock) as _).unwrap()
        };
        let note = async || bench.acts.read(&Caller::system("it"), head).await.unwrap().unwrap().note;
        deed(&bench.acts, "one").await;
        grow(&sequencer).await;
        let first = note().await;
        let line = cosigner().add_checkpoint(&format!("old 0\n\n{first}")).unwrap();
        assert!(line.starts_with("— witness.example/one "));
        // A new process remembers what the old one saw.
        assert!(matches!(cosigner().add_checkpoint(&format!("old 0\n\n{first}")), Err(WitnessFault::Conflict(1))));
        assert!(cosigner().add_checkpoint(&format!("old 1\n\n{first}")).is_ok(), "the same head again");
        // Another history, signed by the same key, is refused.
        let other = testkit::sqlite(journal::MIGRATIONS);
        let forked = Acts::new(
            Arc::new(other.store.clone()),
            Arc::clone(&bench.clock) as _,
            Arc::new(testkit::SeededEntropy::default()),
            Arc::new(testkit::Everything),
            journal::Subscriptions::default(),
        );
        deed(&forked, "else").await;
        deed(&forked, "more").await;
        grow(&Sequencer::new(forked.clone(), Arc::clone(&log))).await;
        let fork = forked.read(&Caller::system("it"), head).await.unwrap().unwrap().note;
        let shown = format!("old 1\n{}\n\n{fork}", "A".repeat(43) + "=");
        assert!(matches!(cosigner().add_checkpoint(&shown), Err(WitnessFault::Inconsistent)));
        for wrong in ["", "old x\n\nnote", "old 1\n?\n\nx", "old 1\n\nnot a note", "old 9\n\n"] {
            assert!(cosigner().add_checkpoint(wrong).is_err());
        }
        let _ = std::fs::remove_file(&file);
    });
}

#[test]
fn a_receipt_carries_what_the_witnesses_have_said() {
    on_each(async |bench: Bench| {
        let (log, mine) = (Arc::new(key("log.example/ls")), key("witness.example/two"));
        let (verifier, file) = (mine.cosigner(), std::env::temp_dir().join(testkit::unique("witness")));
        let cosigner = Cosigner::new(mine, log.verifier(), &file, Arc::clone(&bench.clock) as _).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async { axum::serve(listener, witness_routes(Arc::new(cosigner))).await });
        let outbound = Outbound::new(OutboundLimits::default());
        let witnesses = vec![Witness::new(url, verifier.clone())];
        let sequencer = Sequencer::new(bench.acts.clone(), Arc::clone(&log)).witnessed(witnesses, outbound);
        deed(&bench.acts, "seen").await;
        let running = tokio::spawn(sequencer.run());
        let mut seen = None;
        for _ in 0..100 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let given =
                bench.acts.read(&Caller::system("it"), |cx| receipt(cx, "it.thing.done", "seen")).await.unwrap();
            if let Some(given) = given.filter(|given| cosigned_at(&given.checkpoint, &verifier).unwrap().is_some()) {
                seen = Some(given);
                break;
            }
        }
        running.abort();
        server.abort();
        let seen = seen.expect("a cosigned receipt within five seconds");
        // It holds with the log's key alone, as before, and says when the witness saw it.
        assert_eq!(verify(&seen, &log.verifier()).unwrap().size, 1);
        let now = u64::try_from(bench.acts.now().as_seconds()).unwrap();
        assert_eq!(cosigned_at(&seen.checkpoint, &verifier).unwrap(), Some(now));
        let forged = seen.checkpoint.replace("witness.example/two", "witness.example/one");
        assert_eq!(cosigned_at(&forged, &verifier).unwrap(), None);
        let _ = std::fs::remove_file(&file);
    });
}
