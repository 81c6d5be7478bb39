//! Every property on random inputs and on mutations of good ones, a bounded number of each; `fuzz/` goes on from here.

use proptest::prelude::*;
use usher_properties::{csv_line, forwarded_headers, host_and_path, page_token, query, table};

/// Longer than any name or number the inputs hold, shorter than what a request may carry.
const BYTES_MAX: usize = 320;

/// Parts that mean something to one reader or another; random bytes alone would rarely hit them.
const FRAGMENTS: &[&str] = &[
    "seat_type=",
    "per_user",
    "per_user_per_app",
    "&",
    "=",
    "+",
    "%20",
    "page_size=",
    "500",
    "501",
    "0",
    "-1",
    "٥",
    "page_token=",
    "/",
    "//",
    "..",
    ".",
    "%2e",
    "%2F",
    "%5c",
    "\\",
    ";",
    "%25",
    "%00",
    "?",
    "#",
    ":80",
    "[::1]",
    "example.com",
    "127.1",
    "1800000000000001",
    "1393974978000",
    "package_a__c",
    ",",
    "\"",
    "\r\n",
    "\n",
    "\u{feff}",
    "time_ms,user_id,namespace",
    "user_id",
    "工号",
    "到期",
    "2026-01-05",
    "'",
    "\t",
    "x-forwarded-user",
    ": ",
    "_",
];

#[derive(Debug, Clone)]
enum Edit {
    Insert(String),
    Remove(usize),
    Replace(u8),
    Repeat(usize),
}

fn edit() -> impl Strategy<Value = (prop::sample::Index, Edit)> {
    let edits = prop_oneof![
        prop::sample::select(FRAGMENTS).prop_map(|text| Edit::Insert(text.to_owned())),
        any::<char>().prop_map(|character| Edit::Insert(character.to_string())),
        (1_usize..8).prop_map(Edit::Remove),
        any::<u8>().prop_map(Edit::Replace),
        (1_usize..24).prop_map(Edit::Repeat),
    ];
    (any::<prop::sample::Index>(), edits)
}

fn apply(mut bytes: Vec<u8>, edits: Vec<(prop::sample::Index, Edit)>) -> Vec<u8> {
    for (index, edit) in edits {
        let at = index.index(bytes.len() + 1);
        let tail = bytes.split_off(at);
        match edit {
            Edit::Insert(text) => {
                bytes.extend(text.bytes());
                bytes.extend(tail);
            }
            Edit::Remove(count) => bytes.extend(tail.into_iter().skip(count)),
            Edit::Replace(byte) => {
                bytes.push(byte);
                bytes.extend(tail.into_iter().skip(1));
            }
            Edit::Repeat(count) => {
                let again: Vec<u8> = tail.iter().take(count).copied().collect();
                bytes.extend(again);
                bytes.extend(tail);
            }
        }
    }
    bytes
}

/// Good inputs with a few edits, fragments one after the other, and plain bytes.
fn inputs(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (prop::sample::select(seeds), prop::collection::vec(edit(), 0..6))
            .prop_map(|(seed, edits)| apply(seed.as_bytes().to_vec(), edits)),
        4 => prop::collection::vec(prop::sample::select(FRAGMENTS), 0..16).prop_map(|parts| parts.concat().into_bytes()),
        2 => prop::collection::vec(any::<u8>(), 0..BYTES_MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn query_strings(bytes in inputs(query::SEEDS)) {
        query(&bytes);
    }

    #[test]
    fn csv_lines(bytes in inputs(csv_line::SEEDS)) {
        csv_line(&bytes);
    }

    #[test]
    fn tables(bytes in inputs(table::SEEDS)) {
        table(&bytes);
    }

    #[test]
    fn headers_of_gateways(bytes in inputs(forwarded_headers::SEEDS)) {
        forwarded_headers(&bytes);
    }

    #[test]
    fn hosts_and_paths(bytes in inputs(host_and_path::SEEDS)) {
        host_and_path(&bytes);
    }
}

proptest! {
    // Each case opens some twenty tokens, so fewer of them.
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn page_tokens(bytes in inputs(page_token::SEEDS)) {
        page_token(&bytes);
    }
}

#[test]
fn the_seeds_themselves() {
    csv_line::SEEDS.iter().for_each(|seed| csv_line(seed.as_bytes()));
    table::SEEDS.iter().for_each(|seed| table(seed.as_bytes()));
    query::SEEDS.iter().for_each(|seed| query(seed.as_bytes()));
    forwarded_headers::SEEDS
        .iter()
        .for_each(|seed| forwarded_headers(seed.as_bytes()));
    host_and_path::SEEDS
        .iter()
        .for_each(|seed| host_and_path(seed.as_bytes()));
    page_token::SEEDS
        .iter()
        .for_each(|seed| page_token(seed.as_bytes()));
}
