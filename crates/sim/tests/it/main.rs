//! Stories from seeds, on both databases. A long one with `--run-ignored`.

use sim::{World, migrations};

fn tell(seeds: std::ops::Range<u64>, steps: usize) {
    for seed in seeds {
        for database in testkit::databases(&migrations()) {
            testkit::block_on(async {
                let mut world = World::new(database, seed).await;
                for _ in 0..steps {
                    world.step().await;
                }
                let audited = world.audit().await;
                assert_eq!(audited.deeds, audited.proven);
                assert!(audited.deeds > steps as u64 / 3, "hardly anything happened");
            });
        }
    }
}

#[test]
fn whatever_happens_the_auditors_find_nothing() {
    tell(1..4, 150);
}

#[test]
#[ignore = "slow: make test-all"]
fn long_stories() {
    tell(100..120, 2_000);
}
