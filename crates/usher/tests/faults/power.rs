//! The power is cut at any moment of the script. No machine is needed for that: the log of the layer has every write, sync and name
//! in order, and `remains` makes of its beginning what a disk would have kept.

use std::path::Path;

use crate::{
    dice::Dice,
    layer::{Fault, Layer},
    program::Server,
    remains::{Disk, Operation, operations},
    script::{History, SCRIPT, Template, attempt, copied_under_layer, home, judge, perform},
};

/// For each moment, in how many ways the rest is lost and torn.
const WAYS: u64 = 1;
const WAYS_LONG: u64 = 10;

fn ways() -> u64 {
    if crate::long() { WAYS_LONG } else { WAYS }
}

/// Plays the script in order, stops the server in order, and starts it once more.
fn played_in_order(data: &Path, layer: &Layer, history: &mut History) {
    let mut server = Server::started(data, Some(layer));
    for step in SCRIPT {
        perform(&mut server, *step, layer, history);
    }
    server.stop();
    let mut server = Server::started(data, Some(layer));
    perform(&mut server, SCRIPT[SCRIPT.len() - 1], layer, history);
    server.stop();
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let mut dice = Dice::thrown("power");
    let home = home();
    let (data, layer) = copied_under_layer(&home);
    let mut history = History::default();
    played_in_order(&data, &layer, &mut history);
    let cuts = cut_everywhere(&layer, &history, &mut dice);
    say!("{cuts} power cuts, nothing acknowledged lost");
}

#[test]
fn a_power_cut_after_failed_syncs_loses_nothing_acknowledged() {
    let mut dice = Dice::thrown("power after failed syncs");
    let home = home();
    let (data, layer) = copied_under_layer(&home);
    let mut history = History::default();
    let mut server = Server::started(&data, Some(&layer));
    layer.fail_only_syncs();
    for step in SCRIPT {
        layer.fail_from_now(Fault::Broken);
        attempt(&server, *step, &layer, &mut history);
        layer.heal();
        perform(&mut server, *step, &layer, &mut history);
    }
    server.kill();
    assert!(layer.failures() > 5, "syncs failed");
    let cuts = cut_everywhere(&layer, &history, &mut dice);
    say!(
        "{cuts} power cuts after {} failed syncs, nothing acknowledged lost",
        layer.failures()
    );
}

/// Cuts the power after every operation, and judges what is left each time.
fn cut_everywhere(layer: &Layer, history: &History, dice: &mut Dice) -> u64 {
    let operations = operations(&layer.log());
    let mut cuts = 0;
    for way in 0..ways() {
        let mut disk = Disk::holding(Template::get().files());
        for (number, operation) in operations.iter().enumerate() {
            disk.follow(operation, dice);
            let next = operations.get(number + 1);
            judge_cut(&disk, (operation, next), history, dice);
            cuts += 1;
        }
        say!("way {way}: {} operations", operations.len());
    }
    cuts
}

fn judge_cut(
    disk: &Disk,
    (last, next): (&Operation, Option<&Operation>),
    history: &History,
    dice: &mut Dice,
) {
    let home = home();
    let data = home.path().join("data");
    disk.cut(dice, &data);
    let known = history.cut(last.logged);
    judge(
        &known,
        &data,
        &format!("the power was cut after {last:?}, before {next:?}"),
    );
}
