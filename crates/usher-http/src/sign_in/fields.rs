//! The pairs of a query or of a form, read so that there is one way to read them.
//!
//! A name that is asked for and there twice is refused, because two readers could take different ones (RFC 6749,
//! section 3.1). Names nobody asks for are ignored. `+` and `%20` are both a space.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::problem::Problem;

/// Pairs as they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl Fields {
    /// Reads `a=b&c=d`. Any text gives an answer.
    pub(crate) fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Pairs that were read elsewhere.
    pub(crate) fn of(pairs: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        Self(pairs)
    }

    /// The bytes of a value, if it is there.
    ///
    /// # Errors
    /// [`Problem::Malformed`] when it is there twice.
    pub(crate) fn bytes(&self, name: &'static str) -> Result<Option<&[u8]>, Problem> {
        let mut found = self.0.iter().filter(|(known, _)| known == name.as_bytes());
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Problem::malformed(format!("{name} is there twice"))),
            (found, None) => Ok(found.map(|(_, value)| value.as_slice())),
        }
    }

    /// A value that is a text, if it is there and not empty.
    ///
    /// # Errors
    /// [`Problem::Malformed`] when it is there twice or is no UTF-8.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let bytes = self.bytes(name)?.filter(|bytes| !bytes.is_empty());
        let text = bytes.map(std::str::from_utf8).transpose();
        text.map_err(|_| Problem::malformed(format!("{name} is no text in UTF-8")))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// As [`Fields::text`], and [`Problem::ParameterMissing`].
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Problem> {
        self.text(name)?.ok_or(Problem::ParameterMissing { name })
    }
}

fn decoded(text: &str) -> Vec<u8> {
    let spaced: Cow<'_, str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    percent_decode_str(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_are_as_none() {
        let fields = Fields::read("a=1%2B+2&b=&c&d=%e5%b8%ad&&=x");
        assert_eq!(fields.text("a").unwrap(), Some("1+ 2"));
        assert_eq!(fields.text("b").unwrap(), None);
        assert_eq!(fields.text("c").unwrap(), None);
        assert_eq!(fields.bytes("b").unwrap(), Some(&b""[..]));
        assert_eq!(fields.text("d").unwrap(), Some("席"));
        assert_eq!(fields.text("e").unwrap(), None);
        assert_eq!(fields.required("e"), Err(Problem::ParameterMissing { name: "e" }));
    }

    #[test]
    fn what_is_there_twice_or_no_text_is_refused() {
        let fields = Fields::read("a=1&a=1&b=%ff&%63=1&c=2");
        assert!(matches!(fields.text("a"), Err(Problem::Malformed { .. })));
        assert!(matches!(fields.text("b"), Err(Problem::Malformed { .. })));
        assert!(
            matches!(fields.text("c"), Err(Problem::Malformed { .. })),
            "however it is spelt"
        );
        assert_eq!(fields.bytes("b").unwrap(), Some(&[0xff][..]));
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,60}") {
            let fields = Fields::read(&text);
            let _ = fields.text("a");
        }
    }
}
