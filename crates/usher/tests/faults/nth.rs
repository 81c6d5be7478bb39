//! The N-th call that changes a file fails, for every N of the script: every other one as half a write. And then the power is cut.

use crate::{
    dice::Dice,
    layer::{Fault, Layer},
    program::Server,
    remains::{Disk, operations},
    script::{History, SCRIPT, Template, copied_under_layer, home, judge, perform},
};

/// Plays the script from a start of the server to the end; a start that is refused must be refused clearly, and a second one succeeds.
fn play(data: &std::path::Path, layer: &Layer, history: &mut History) -> (Server, bool) {
    let (mut server, refused) = match Server::start(data, Some(layer)) {
        Ok(server) => (server, false),
        Err(complaint) => {
            assert!(
                complaint.contains("\"error\""),
                "a refusal is a complaint: {complaint}"
            );
            assert!(!complaint.contains("panicked"), "{complaint}");
            (Server::started(data, Some(layer)), true)
        }
    };
    for step in SCRIPT {
        perform(&mut server, *step, layer, history);
    }
    (server, refused)
}

/// What if, some time after the failure, the power had been cut?
fn cut_power(layer: &Layer, history: &History, dice: &mut Dice, moment: &str) {
    let operations = operations(&layer.log());
    let last = dice.below(operations.len() as u64) as usize;
    let mut disk = Disk::holding(Template::get().files());
    for operation in &operations[..=last] {
        disk.follow(operation, dice);
    }
    let home = home();
    let data = home.path().join("data");
    disk.cut(dice, &data);
    let operation = &operations[last];
    let moment = format!("{moment}; then the power was cut after {operation:?}");
    judge(&history.cut(operation.logged), &data, &moment);
}

#[test]
fn whichever_call_fails_nothing_acknowledged_is_lost_and_service_returns() {
    let mut dice = Dice::thrown("nth");
    let calls = {
        let home = home();
        let (data, layer) = copied_under_layer(&home);
        let mut history = History::default();
        let (server, _) = play(&data, &layer, &mut history);
        judge(&history.load, &data, "without a fault");
        server.stop();
        assert_eq!((layer.failures(), history.refusals), (0, 0));
        layer.calls()
    };
    assert!(calls > 50, "only {calls} calls were seen");
    let (mut refused_starts, mut refusals, mut failures) = (0, 0, 0);
    for number in 1..=calls {
        let home = home();
        let (data, layer) = copied_under_layer(&home);
        layer.fail(number..number + 1, Fault::Broken);
        if number % 2 == 0 {
            layer.write_halves();
        }
        let mut history = History::default();
        let (server, refused) = play(&data, &layer, &mut history);
        let moment = format!("call {number} of {calls} failed");
        judge(&history.load, &data, &format!("{moment}; from the server"));
        // Killed, so that what comes next must be found again; every other time it ends in order, where late calls fail.
        if number % 3 == 0 {
            server.stop();
        } else {
            server.kill();
        }
        judge(&history.load, &data, &format!("{moment}; from the file"));
        cut_power(&layer, &history, &mut dice, &moment);
        failures += layer.failures();
        refused_starts += u32::from(refused);
        refusals += history.refusals;
    }
    say!(
        "{calls} calls of the script failed in turn ({failures} in effect): {refused_starts} starts refused, {refusals} callers asked to come back, nothing lost"
    );
    assert!(refused_starts > 0 && refusals > 0, "the faults were felt");
}
