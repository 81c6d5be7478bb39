//! The body of a page, written from its rows straight into bytes.
//!
//! A page has up to 500 rows of a few short fields each. A general writer looks at each character of each name and key whether it
//! has to be escaped, which is a quarter of what a page costs. Here nothing has to be: names, tokens and words have
//! alphabets without such characters. What is written is what the general writer writes, and a test compares the two.

/// A row as it stands in a page.
pub(super) trait WriteRow {
    /// Writes the row, a JSON object, at the end of what is there.
    fn write(&self, into: &mut Vec<u8>);
}

/// Room for a row: more would be lost, less would be moved.
const ROW_BYTES: usize = 128;

/// The body of an answer with these rows. The token is that of the next page, if there is one.
pub(super) fn page_body<Row: WriteRow>(rows: &[Row], page_token: Option<&str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(ROW_BYTES * (rows.len() + 4));
    body.extend_from_slice(br#"{"code":0,"msg":"success","data":{"items":["#);
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        row.write(&mut body);
    }
    match page_token {
        Some(token) => {
            body.extend_from_slice(br#"],"page_token":""#);
            body.extend_from_slice(token.as_bytes());
            body.extend_from_slice(br#"","has_more":true}}"#);
        }
        None => body.extend_from_slice(br#"],"has_more":false}}"#),
    }
    body
}

/// Writes a number in decimal digits.
pub(super) fn write_number(number: i64, into: &mut Vec<u8>) {
    into.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use usher_seats::{SeatStatus, UserId};
    use usher_store::{ActivityRow, AssignmentRow};

    use super::*;
    use crate::{
        open_apis::{paging::Data, seat_activities, seat_assignments},
        wire::envelope::write_success,
    };

    /// Every page of these rows must be what serde makes of it.
    fn assert_alike<Row, Item>(rows: &[Row])
    where
        Row: Clone,
        Item: From<Row> + WriteRow + Serialize,
    {
        for count in 0..=rows.len() {
            for page_token in [None, Some("A-z_09")] {
                let items = || rows[..count].iter().cloned().map(Item::from);
                let written = page_body(&items().collect::<Vec<Item>>(), page_token);
                let mut expected = Vec::new();
                let data = Data {
                    items: items().collect(),
                    page_token: page_token.map(str::to_owned),
                    has_more: page_token.is_some(),
                };
                write_success(&mut expected, data).unwrap();
                assert_eq!(
                    String::from_utf8_lossy(&written),
                    String::from_utf8_lossy(&expected)
                );
            }
        }
    }

    #[test]
    fn a_page_is_written_as_serde_writes_it() {
        let user_id = |number| UserId::new(number).unwrap();
        assert_alike::<_, seat_activities::Item>(&[
            ActivityRow {
                user_id: user_id(1),
                namespace: "0".parse().unwrap(),
                status: SeatStatus::InUse,
                active_time_ms: 0,
            },
            ActivityRow {
                user_id: user_id(9_007_199_254_740_991),
                namespace: "package_35f605__c.a-B".parse().unwrap(),
                status: SeatStatus::Released,
                active_time_ms: 1_727_199_298_656,
            },
        ]);
        assert_alike::<_, seat_assignments::Item>(&[
            AssignmentRow {
                user_id: user_id(7),
                namespace: None,
                status: SeatStatus::InUse,
                assigned_at_ms: 0,
                expires_at_ms: None,
            },
            AssignmentRow {
                user_id: user_id(8),
                namespace: Some("package_35f605__c".parse().unwrap()),
                status: SeatStatus::Released,
                assigned_at_ms: 0,
                expires_at_ms: Some(1),
            },
        ]);
    }
}
