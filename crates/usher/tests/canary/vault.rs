//! The canaries: every secret of the tale, and every form in which one could sing.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A shorter secret could stand somewhere by chance; every real one is longer.
const SECRET_BYTES_MIN: usize = 12;
/// What the search looks up first. Every form of a secret is longer.
const KEY_BYTES: usize = 8;
/// What stands before the random part of a token; the part alone gives everything away.
const PREFIXES: [&str; 8] = ["ur-3-", "ur-2-", "ur-", "u-", "t-", "s-", "o-", "a-"];

/// Where a secret may be seen by right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Nowhere, once it has been shown.
    Everywhere,
    /// In answers to whoever sent it, such as a `state` that a page sends back.
    ButInAnswers,
}

/// One secret.
#[derive(Debug)]
pub(crate) struct Canary {
    pub(crate) name: String,
    pub(crate) hidden: Hidden,
    /// Name of the form, and the bytes.
    pub(crate) forms: Vec<(String, Vec<u8>)>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    pub(crate) canaries: Vec<Canary>,
    known: HashSet<Vec<u8>>,
}

impl Vault {
    /// Takes a secret text. Whoever gives the same again changes nothing.
    pub(crate) fn hide(&mut self, name: &str, text: &str) {
        self.put(name, text, Hidden::Everywhere);
    }

    pub(crate) fn put(&mut self, name: &str, text: &str, hidden: Hidden) {
        let core = PREFIXES
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        let mut forms = forms_of("", core.as_bytes());
        // What our own tokens encode must not be kept as bytes either.
        let unpadded = engine(&URL_SAFE, false).decode(core);
        if let Some(bytes) = unpadded.ok().filter(|bytes| bytes.len() >= SECRET_BYTES_MIN) {
            forms.extend(forms_of("its bytes ", &bytes));
        }
        self.add(name, core.as_bytes(), hidden, forms);
    }

    /// Takes secret bytes, such as a key.
    pub(crate) fn hide_bytes(&mut self, name: &str, bytes: &[u8]) {
        self.add(name, bytes, Hidden::Everywhere, forms_of("", bytes));
    }

    fn add(&mut self, name: &str, bytes: &[u8], hidden: Hidden, forms: Vec<(String, Vec<u8>)>) {
        assert!(
            bytes.len() >= SECRET_BYTES_MIN,
            "{name} is too short to be looked for"
        );
        if self.known.insert(bytes.to_vec()) {
            self.canaries.push(Canary {
                name: name.to_owned(),
                hidden,
                forms,
            });
        }
    }

    /// A search for what is hidden now.
    pub(crate) fn search(&self) -> Search<'_> {
        let mut first: HashMap<[u8; KEY_BYTES], Vec<(usize, usize)>> = HashMap::new();
        for (canary, kept) in self.canaries.iter().enumerate() {
            for (form, (_, bytes)) in kept.forms.iter().enumerate() {
                let key = *bytes.first_chunk().unwrap();
                first.entry(key).or_default().push((canary, form));
            }
        }
        Search { vault: self, first }
    }
}

/// Looks for every form of every canary in one pass.
pub(crate) struct Search<'a> {
    vault: &'a Vault,
    first: HashMap<[u8; KEY_BYTES], Vec<(usize, usize)>>,
}

impl Search<'_> {
    /// Who sings in these bytes, and in which form.
    pub(crate) fn found(&self, bytes: &[u8]) -> Vec<(&Canary, &str)> {
        let mut found = Vec::new();
        for (place, key) in bytes.windows(KEY_BYTES).enumerate() {
            for (canary, form) in self.first.get(key).into_iter().flatten() {
                let canary = &self.vault.canaries[*canary];
                let (name, text) = &canary.forms[*form];
                if bytes[place..].starts_with(text) {
                    found.push((canary, name.as_str()));
                }
            }
        }
        found
    }
}

fn engine(alphabet: &base64::alphabet::Alphabet, padded: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(padded)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    GeneralPurpose::new(alphabet, config)
}

/// The secret as it is, and as programs write bytes down.
fn forms_of(whose: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut lower = String::new();
    let mut numbers = Vec::new();
    for byte in bytes {
        write!(lower, "{byte:02x}").unwrap();
        numbers.push(byte.to_string());
    }
    let mut forms = vec![
        ("raw".to_owned(), bytes.to_vec()),
        ("hexadecimal".to_owned(), lower.clone().into_bytes()),
        ("HEXADECIMAL".to_owned(), lower.to_uppercase().into_bytes()),
        ("list of numbers".to_owned(), numbers.join(", ").into_bytes()),
        ("JSON list of numbers".to_owned(), numbers.join(",").into_bytes()),
    ];
    // What goes into a `Basic` header is written as in a form first (RFC 6749, section 2.3.1).
    let form: String = form_urlencoded::byte_serialize(bytes).collect();
    for (name, alphabet) in [("base64", &STANDARD), ("base64url", &URL_SAFE)] {
        for before in 0..3 {
            let plain = inside_base64(bytes, alphabet, before);
            let encoded = inside_base64(form.as_bytes(), alphabet, before);
            forms.push((format!("{name} after {before} bytes"), plain));
            forms.push((format!("form in {name} after {before} bytes"), encoded));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let quoted = serde_json::to_string(text).unwrap();
        let percent = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        forms.extend([
            ("JSON".to_owned(), quoted.trim_matches('"').as_bytes().to_vec()),
            ("form".to_owned(), form.into_bytes()),
            ("percent-encoded".to_owned(), percent.clone().into_bytes()),
            (
                "percent-encoded, small".to_owned(),
                small_escapes(&percent).into_bytes(),
            ),
        ]);
    }
    let mut seen = HashSet::new();
    forms.retain(|(_, form)| seen.insert(form.clone()));
    forms
        .into_iter()
        .map(|(name, form)| (format!("{whose}{name}"), form))
        .collect()
}

/// The characters of a base64 text that stand for `bytes` alone when so many others come `before` them.
fn inside_base64(bytes: &[u8], alphabet: &base64::alphabet::Alphabet, before: usize) -> Vec<u8> {
    let mut all = vec![0; before];
    all.extend_from_slice(bytes);
    let text = engine(alphabet, false).encode(&all);
    let first = (before * 8).div_ceil(6);
    let last = all.len() * 8 / 6;
    text.as_bytes()[first..last].to_vec()
}

/// `%2F` as `%2f`.
fn small_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut small = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        small.push('%');
        small.push_str(&digits.to_lowercase());
        small.push_str(rest);
    }
    small
}
