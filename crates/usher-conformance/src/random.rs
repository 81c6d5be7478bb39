//! Random sequences of steps, each in a home of its own.

use std::fmt::Debug;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use crate::Home;

/// Runs `cases` sequences of at most `steps_max` steps from `seed`, and shrinks the first that fails.
pub(crate) fn run<H: Home, Step: Debug + Clone>(
    (cases, steps_max, seed): (u32, usize, u8),
    any: impl Strategy<Value = Step>,
    home: impl AsyncFn() -> H,
    sequence: impl AsyncFn(H, Vec<Step>) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, random);
    let steps = proptest::collection::vec(any, 1..=steps_max);
    let outcome = runner.run(&steps, |steps| {
        runtime.block_on(async { sequence(home().await, steps).await })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, steps)) => {
            panic!("seed {seed}: {reason}\nsmallest sequence:\n{steps:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("seed {seed}: {reason}"),
    }
}
