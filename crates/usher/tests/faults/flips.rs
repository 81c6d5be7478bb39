//! A bit is flipped in any page of the file. `usher doctor --deep` finds it, or the ledger cannot be opened and says so, or every
//! answer is what it was.

use std::path::Path;

use crate::{
    dice::Dice,
    program::{Server, ended},
    script::{History, SCRIPT, copied_under_layer, files_in, home, perform, put_into},
};

/// What SQLite's pages have here.
const PAGE_BYTES: usize = 4_096;
/// Bits flipped in each page, one at a time.
const BITS_PER_PAGE: usize = 1;
const BITS_PER_PAGE_LONG: usize = 40;

/// What was found of a flipped bit.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The doctor, or whoever opened the file, complained.
    Complaint,
    /// Nobody complained, and every answer is right.
    Harmless,
    /// Nobody complained, and an answer is wrong.
    Overlooked,
}

/// Everything that is asked of the flipped ledger, as it is printed.
fn answers(data: &Path) -> Option<[String; 2]> {
    let answer = |words: &[&str]| {
        let output = ended(words, data, "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    };
    Some([
        answer(&["export", "activities", "--format", "jsonl"])?,
        answer(&["export", "seats"])?,
    ])
}

fn look(data: &Path, right: &[String; 2]) -> Found {
    let doctor = ended(&["doctor", "--deep"], data, "");
    let complaint = String::from_utf8_lossy(&doctor.stderr);
    assert!(!complaint.contains("panicked"), "{complaint}");
    if !doctor.status.success() {
        return Found::Complaint;
    }
    match answers(data) {
        None => Found::Complaint,
        Some(shown) if shown == *right => Found::Harmless,
        Some(_) => Found::Overlooked,
    }
}

#[test]
fn a_flipped_bit_in_any_page_is_found_or_does_no_harm() {
    let mut dice = Dice::thrown("flips");
    let home_of_original = home();
    let (data, layer) = copied_under_layer(&home_of_original);
    let mut server = Server::started(&data, None);
    for step in SCRIPT {
        perform(&mut server, *step, &layer, &mut History::default());
    }
    server.stop();
    drop(layer);
    let right = answers(&data).unwrap();
    let sound = ended(&["doctor", "--deep"], &data, "");
    assert!(
        sound.status.success(),
        "{}",
        String::from_utf8_lossy(&sound.stderr)
    );
    let original = files_in(&data);
    let bits = if crate::long() {
        BITS_PER_PAGE_LONG
    } else {
        BITS_PER_PAGE
    };
    let (mut pages, mut complaints, mut harmless, mut overlooked) = (0, 0, 0, Vec::new());
    for (name, length) in original.iter().map(|(name, bytes)| (name, bytes.len())) {
        if !name.starts_with("usher.db") {
            continue;
        }
        for begin in (0..length).step_by(PAGE_BYTES) {
            pages += 1;
            for _ in 0..bits {
                let page_bytes = PAGE_BYTES.min(length - begin);
                let place = begin + dice.below(page_bytes as u64) as usize;
                let bit = dice.below(8);
                let mut flipped = original.clone();
                for (_, bytes) in flipped.iter_mut().filter(|(of, _)| of == name) {
                    bytes[place] ^= 1 << bit;
                }
                let home = home();
                let data = home.path().join("data");
                put_into(&data, flipped);
                match look(&data, &right) {
                    Found::Complaint => complaints += 1,
                    Found::Harmless => harmless += 1,
                    Found::Overlooked => overlooked.push((name.clone(), place, bit)),
                }
            }
        }
    }
    say!("{pages} pages, {bits} bits of each: {complaints} found, {harmless} without harm");
    assert_eq!(overlooked, [], "file, byte, bit");
    assert!(complaints > 0, "the doctor finds something");
}
