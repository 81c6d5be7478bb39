//! What a section is recognized by, in whatever order its rows are met.
//!
//! The SHA-256 of each row, in its canonical bytes, is taken for a number of 256 bits, and the numbers are added up. Rows may
//! come in any order and from several pages at once; a row that is missing, added, doubled or changed moves the sum. It is
//! made to notice accidents: whoever may choose rows freely and compute for long could find two sets with one sum, and whoever
//! can do that in a store can change it anyway. The audit log has its own chain of hashes against them.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::value::{Row, Value};

/// Parts of a sum: 256 bits.
const PARTS: usize = 4;

/// The sum over some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// How many rows there were.
    pub rows: u64,
    /// The lowest part first.
    sum: [u64; PARTS],
}

impl Digest {
    /// Adds a row.
    pub fn add(&mut self, row: &[Value]) {
        let mut bytes = Vec::with_capacity(16 * row.len());
        for value in row {
            value.write_canonical(&mut bytes);
        }
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let mut carry = false;
        for (part, eight) in self.sum.iter_mut().zip(hash.as_chunks::<8>().0) {
            let (sum, first) = part.overflowing_add(u64::from_le_bytes(*eight));
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *part = sum;
            carry = first || second;
        }
        self.rows += 1;
    }

    /// Adds every row of a page.
    pub fn add_all(&mut self, rows: &[Row]) {
        for row in rows {
            self.add(row);
        }
    }
}

impl fmt::Display for Digest {
    /// 64 digits, the highest first.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sum
            .iter()
            .rev()
            .try_for_each(|part| write!(formatter, "{part:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[Row]) -> Digest {
        let mut digest = Digest::default();
        digest.add_all(rows);
        digest
    }

    fn row(text: &str, number: i64) -> Row {
        vec![Value::Text(text.to_owned()), Value::Integer(number)]
    }

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let (one, two) = (row("a", 1), row("b", 2));
        let both = digest(&[one.clone(), two.clone()]);
        assert_eq!(both, digest(&[two.clone(), one.clone()]));
        let others = [
            vec![one.clone()],
            vec![one.clone(), one.clone()],
            vec![one.clone(), two.clone(), two.clone()],
            vec![row("a", 2), row("b", 1)],
            vec![one, row("b", 3)],
        ];
        for other in others {
            assert_ne!(both.to_string(), digest(&other).to_string(), "{other:?}");
        }
    }

    #[test]
    fn fields_never_run_into_each_other() {
        let split = |first: &str, second: &str| {
            digest(&[vec![
                Value::Text(first.to_owned()),
                Value::Text(second.to_owned()),
            ]])
        };
        assert_ne!(split("ab", "c"), split("a", "bc"));
        assert_ne!(
            digest(&[vec![Value::Nothing]]),
            digest(&[vec![Value::Text(String::new())]])
        );
        assert_ne!(
            digest(&[vec![Value::Text("1".to_owned())]]),
            digest(&[vec![Value::Bytes(b"1".to_vec())]])
        );
    }

    #[test]
    fn a_sum_carries_over_its_parts() {
        let mut many = Digest::default();
        for number in 0..1_000 {
            many.add(&row("x", number));
        }
        let mut backwards = Digest::default();
        for number in (0..1_000).rev() {
            backwards.add(&row("x", number));
        }
        assert_eq!(many.to_string(), backwards.to_string());
        assert_eq!(many.to_string().len(), 64);
    }
}
