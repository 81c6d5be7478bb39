//! A disk that is full, one that flaps, and one whose syncs alone fail: nobody hears "admitted", and service returns.

use crate::{
    layer::Fault,
    program::Server,
    script::{History, SCRIPT, attempt, copied_under_layer, home, judge, perform},
};

#[test]
fn nobody_is_told_anything_by_a_full_disk_and_service_returns() {
    for syncs_only in [false, true] {
        let home = home();
        let (data, layer) = copied_under_layer(&home);
        if syncs_only {
            layer.fail_only_syncs();
        }
        let mut server = Server::started(&data, Some(&layer));
        let mut history = History::default();
        for (number, step) in SCRIPT.iter().enumerate() {
            // The first step asks for nothing that would have to be written.
            if number > 0 {
                layer.fail_from_now(Fault::Full);
                if number % 2 == 0 {
                    layer.write_halves();
                }
                let failures = layer.failures();
                let told = attempt(&server, *step, &layer, &mut history);
                // Whoever is told something on a disk that takes nothing was refused, or is known to be there already.
                assert!(
                    !told || layer.failures() == failures,
                    "{step:?} was answered by a disk that takes nothing"
                );
            }
            layer.heal();
            perform(&mut server, *step, &layer, &mut history);
        }
        assert!(layer.failures() > 0);
        judge(&history.load, &data, "from the server");
        server.kill();
        judge(&history.load, &data, "from the file");
    }
}

#[test]
fn a_disk_that_flaps_loses_nothing() {
    for stretch in [1, 2, 3, 5, 8, 13, 40] {
        let home = home();
        let (data, layer) = copied_under_layer(&home);
        let mut server = Server::started(&data, Some(&layer));
        layer.flap(stretch);
        layer.fail_from_now(Fault::Broken);
        let mut history = History::default();
        for step in SCRIPT {
            for _ in 0..3 {
                if attempt(&server, *step, &layer, &mut history) {
                    break;
                }
            }
        }
        let failures = layer.failures();
        layer.heal();
        for step in SCRIPT {
            perform(&mut server, *step, &layer, &mut history);
        }
        let moment = format!("every other {stretch} calls failed, {failures} in all");
        judge(&history.load, &data, &format!("{moment}; from the server"));
        server.kill();
        judge(&history.load, &data, &format!("{moment}; from the file"));
    }
}
