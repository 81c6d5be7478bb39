//! This server among others on the same ledger: its name, and its word every second.
//!
//! What the word means is said in `usher_store::instances`. It is said before anybody is let in, and taken back when everybody who
//! was let in is settled.

use std::{sync::Arc, time::Duration};

use usher_door::Door;
use usher_http::{Chance, Clock, edge::draw};
use usher_store::{Heard, InstanceName, InstanceWord, Store, StoreError, instances::InstanceNameError};

use crate::{data_folder::DataFolder, failure::Failure, words};

/// Pause between two words: reports are behind by no more than this because of another instance.
const PAUSE: Duration = Duration::from_secs(1);
/// The file with the name of an instance that may hold a spool.
const NAME_FILE: &str = "usher.instance";
/// Longest part of the machine's name in ours, in bytes, so that the rest fits.
const MACHINE_BYTES_MAX: usize = 40;

/// A name that no other instance has: the machine's, and some letters.
pub(crate) fn name_by_chance(chance: &dyn Chance) -> Result<InstanceName, Failure> {
    let system = rustix::system::uname();
    let machine = system.nodename().to_string_lossy();
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let machine: String = machine.chars().filter(plain).take(MACHINE_BYTES_MAX).collect();
    let drawn = u32::from_be_bytes(draw(chance));
    let name = format!("{machine}-{drawn:08x}");
    name.parse()
        .map_err(|error: InstanceNameError| Failure::failed(words!("{name}: {error}", "{name}：{error}")))
}

/// The name in a data folder, drawn once: whoever may hold a spool must be known again after a restart.
pub(crate) fn name_in(folder: &DataFolder, chance: &dyn Chance) -> Result<InstanceName, Failure> {
    let path = folder.path().join(NAME_FILE);
    let shown = path.display();
    let unusable = |error: &dyn std::fmt::Display| {
        Failure::failed(words!("cannot use {shown}: {error}", "无法使用 {shown}：{error}"))
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|error| unusable(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let name = name_by_chance(chance)?;
            std::fs::write(&path, format!("{name}\n")).map_err(|error| unusable(&error))?;
            Ok(name)
        }
        Err(error) => Err(unusable(&error)),
    }
}

/// Tells the others that this instance is there.
///
/// # Errors
/// As the store.
pub(crate) async fn enter(
    store: &dyn Store,
    name: InstanceName,
    door: &Door,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let now_ms = clock.now_ms();
    store.enter(name, word(door, now_ms), now_ms).await
}

/// Says every second how this instance is; ends only by being dropped.
pub(crate) async fn speak(store: Arc<dyn Store>, door: Door, clock: Arc<dyn Clock>) {
    let mut before = Ok(Heard::Kept);
    loop {
        tokio::time::sleep(PAUSE).await;
        let now_ms = clock.now_ms();
        let heard = store.say(word(&door, now_ms), now_ms).await;
        // One line when it begins says as much as one every second.
        match &heard {
            Ok(Heard::NameTaken) if before != heard => {
                tracing::error!(
                    "another process has this instance's name by now; give each its own with --instance"
                );
            }
            Err(error) if before.is_ok() => {
                tracing::warn!(%error, "this instance could not say that it is there");
            }
            _ => {}
        }
        before = heard;
    }
}

fn word(door: &Door, now_ms: i64) -> InstanceWord {
    InstanceWord {
        watermark_ms: door.watermark_ms(now_ms),
        may_spool: door.spooled().may_spool,
    }
}
