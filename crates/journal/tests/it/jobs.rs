//! Work for the workers: once after commit, again after a fault, never lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use journal::{JobFault, Key, Workers, dead_letters, discard, retry};
use serde_json::json;
use spine::{Act, Caller, Cx, Event, Fault, Job, Resource};

use crate::{Bench, on_each};

fn order(cx: &mut Cx<'_>, kind: &'static str) -> Result<(), Fault> {
    cx.may("it.job.order", &Resource::new("Job", "new"))?;
    cx.enqueue(Job::new(kind, json!({"for": kind})));
    cx.record(Act::new("it.job.ordered"));
    Ok(())
}

async fn ordered(bench: &Bench, kind: &'static str) {
    bench.acts.write(&Caller::system("test"), &Key::none(), move |cx| order(cx, kind)).await.unwrap();
}

fn counting(
    kind: &'static str,
    answer: impl Fn(i64) -> Result<(), JobFault> + Send + Sync + Copy + 'static,
) -> (Workers, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&runs);
    let workers = Workers::default().handle(kind, move |job| {
        seen.fetch_add(1, Ordering::SeqCst);
        async move { answer(job.attempt) }
    });
    (workers, runs)
}

#[test]
fn a_job_runs_once_and_is_gone() {
    on_each(async |bench| {
        let (workers, runs) = counting("it.once", |_| Ok(()));
        ordered(&bench, "it.once").await;
        assert_eq!(workers.drain(&bench.acts).await.unwrap(), 1);
        assert_eq!(workers.drain(&bench.acts).await.unwrap(), 0);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_failing_job_comes_again_later_and_at_last_needs_a_person() {
    on_each(async |bench| {
        let (workers, runs) = counting("it.fails", |_| Err(JobFault::Again("it.try.again")));
        ordered(&bench, "it.fails").await;
        workers.drain(&bench.acts).await.unwrap();
        assert_eq!(workers.drain(&bench.acts).await.unwrap(), 0, "not at once");
        for _ in 0..20 {
            bench.clock.step(1000);
            workers.drain(&bench.acts).await.unwrap();
        }
        assert_eq!(runs.load(Ordering::SeqCst), 14);
        let caller = Caller::system("test");
        let letters = bench.acts.read(&caller, |cx| dead_letters(cx, None, 10)).await.unwrap();
        assert_eq!((letters.len(), letters[0].last_fault.as_str()), (1, "it.try.again"));

        let id = letters[0].id;
        bench.acts.write(&caller, &Key::none(), move |cx| retry(cx, id)).await.unwrap();
        assert_eq!(workers.drain(&bench.acts).await.unwrap(), 1);
        let fault = bench.acts.write(&caller, &Key::none(), move |cx| discard(cx, id, "not needed")).await.unwrap_err();
        assert_eq!(fault.code(), "journal.job.unknown", "it is waiting again, not dead");
    });
}

#[test]
fn a_job_nobody_handles_is_a_dead_letter_and_can_be_given_up_with_a_reason() {
    on_each(async |bench| {
        ordered(&bench, "it.nobody").await;
        Workers::default().drain(&bench.acts).await.unwrap();
        let caller = Caller::system("test");
        let letters = bench.acts.read(&caller, |cx| dead_letters(cx, None, 10)).await.unwrap();
        let id = letters[0].id;
        let fault = bench.acts.write(&caller, &Key::none(), move |cx| discard(cx, id, "  ")).await.unwrap_err();
        assert_eq!(fault.code(), "journal.job.reason");
        bench.acts.write(&caller, &Key::none(), move |cx| discard(cx, id, "sent by hand")).await.unwrap();
        assert!(bench.acts.read(&caller, |cx| dead_letters(cx, None, 10)).await.unwrap().is_empty());
    });
}

#[test]
fn a_worker_that_died_is_relieved_when_its_lease_is_over() {
    on_each(async |bench| {
        ordered(&bench, "it.hangs").await;
        let hanging = Workers::default().handle("it.hangs", |_| std::future::pending());
        let cut = tokio::time::timeout(std::time::Duration::from_millis(100), hanging.drain(&bench.acts));
        assert!(cut.await.is_err(), "the worker is killed in the middle");
        let (workers, runs) =
            counting("it.hangs", |attempt| if attempt == 2 { Ok(()) } else { Err(JobFault::Dead("it.attempt")) });
        assert_eq!(workers.drain(&bench.acts).await.unwrap(), 0, "still leased");
        bench.clock.step(61);
        assert_eq!(workers.drain(&bench.acts).await.unwrap(), 1);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn an_event_reaches_its_subscribers() {
    on_each(async |bench| {
        let caller = Caller::system("test");
        let key = Key::none();
        let told = bench.acts.write(&caller, &key, |cx| {
            cx.may("it.counter.count", &Resource::new("Counter", "a"))?;
            cx.emit(Event { topic: "it.counter.counted", body: json!({"n": 1}) });
            cx.record(Act::new("it.counter.counted"));
            Ok(())
        });
        told.await.unwrap();
        let (workers, runs) = counting("it.react", |_| Ok(()));
        workers.drain(&bench.acts).await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
}
