//! How many cases a second go the whole way: begun, answered, sent, paid, claimed, looked at, decided, and their document
//! sealed. Measured and not judged; `bench/run` prints it.
//!
//! **Invariant:** every step goes through the engines' faces with the pack's policies, its act durable; workers and evidence
//! log run beside it as in the program. HTTP, pages and signing in are not in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use services::Verdict;
use spine::Caller;

use crate::bench::{Bench, officer, on_each, passport_answers, person};

const APPLICANTS: usize = 120;
const CASES_EACH: usize = 5;

#[test]
#[ignore = "measures; bench/run prints it"]
fn cases_a_second() {
    on_each(async |bench: Bench| {
        let bench = Arc::new(bench);
        let mut applicants = Vec::new();
        for number in 0..APPLICANTS {
            applicants.push(applicant(&bench, number).await);
        }
        // A runtime with threads, as the program has one.
        let whole = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(all(&bench, applicants))
        });
        println!("{}", whole.join().unwrap());
    });
}

/// A person with a passport that runs out soon.
async fn applicant(bench: &Bench, number: usize) -> Caller {
    let id = format!("per_{:026}", number + 1_000);
    let nation = json!({ "national_id": civil::national_id::of_serial(u64::try_from(number).unwrap() + 1_000), "person": id,
        "given": "Lineo", "family": "Mokoena", "born": "1992-03-14", "sex": "female", "district": "leribe",
        "village": "Hlotse", "nationality": "LSO", "phone": "+26658001234" });
    bench.enrol("civil-person", nation).await;
    let passport = json!({ "number": format!("RC{:07}", number + 1_000), "person": id, "kind": "ordinary",
        "issued": "2017-01-20", "expires": "2027-01-20" });
    bench.enrol("passport", passport).await;
    person(&id, "en-LS")
}

async fn all(bench: &Arc<Bench>, applicants: Vec<Caller>) -> String {
    let beside = [
        tokio::spawn(bench.workers.clone().run(bench.acts.clone())),
        tokio::spawn(bench.sequencer.clone().run()),
        tokio::spawn({
            let clock = Arc::clone(&bench.clock);
            async move {
                // What waits a second in the program waits a twentieth of one here.
                loop {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    clock.step(1);
                }
            }
        }),
    ];
    let (begun, cpu) = (now(), cpu_ms());
    let running: Vec<_> = applicants.into_iter().map(|who| tokio::spawn(cases(Arc::clone(bench), who))).collect();
    for one in running {
        one.await.unwrap();
    }
    let (took, cpu) = (begun.elapsed(), cpu_ms() - cpu);
    for one in beside {
        one.abort();
    }
    let count = APPLICANTS * CASES_EACH;
    let rate = u128::try_from(count).unwrap() * 10_000 / took.as_millis();
    format!(
        "{count} cases from begin to sealed document, {APPLICANTS} at once: {}.{} a second, {} CPU ms each",
        rate / 10,
        rate % 10,
        cpu / u64::try_from(count).unwrap()
    )
}

async fn cases(bench: Arc<Bench>, who: Caller) {
    let palesa = officer("off_palesa", &["passport-officer"]);
    for _ in 0..CASES_EACH {
        let case = bench.draft(&who, "passport-renewal", passport_answers()).await;
        bench.submit(&who, case).await.unwrap();
        let request = bench.payment(case).await;
        let attempt = bench.attempt(&who, request).await;
        bench.wallet_paid(attempt, request).await;
        let task = until(|| bench.column(case, "SELECT id FROM services_task WHERE case_id = $1")).await;
        let task = task.parse().unwrap();
        bench.write(&palesa, move |cx| services::claim(cx, task)).await.unwrap();
        let engine = bench.services.clone();
        bench.write(&palesa, move |cx| services::look(cx, &engine, task).map(drop)).await.unwrap();
        let engine = bench.services.clone();
        let approve = move |cx: &mut spine::Cx<'_>| services::decide(cx, &engine, task, &Verdict::Approve).map(drop);
        bench.write(&palesa, approve).await.unwrap();
        let sealed =
            "SELECT d.output FROM services_document d JOIN services_output o ON o.id = d.output WHERE o.case_id = $1";
        until(|| bench.column(case, sealed)).await;
    }
}

/// Waits until a text is there.
async fn until<F: Future<Output = Option<String>>>(look: impl Fn() -> F) -> String {
    loop {
        if let Some(text) = look().await {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a test of speed measures")]
fn now() -> Instant {
    Instant::now()
}

/// User and system time of this process (proc(5): fields 14 and 15, in hundredths of a second).
fn cpu_ms() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
}
