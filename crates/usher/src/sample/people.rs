//! Names and numbers of the sample organisation.

use usher_seats::UserId;

/// People in the organisation.
pub(super) const PEOPLE: usize = 120;
/// The number of the first person; 16 digits, as real ones have.
const FIRST_NUMBER: i64 = 1_803_710_089_388_001;
/// The distance between two numbers: real ones do not follow each other either.
const STEP: i64 = 37;

const SURNAMES: [(&str, &str); 12] = [
    ("李", "Li"),
    ("王", "Wang"),
    ("张", "Zhang"),
    ("刘", "Liu"),
    ("陈", "Chen"),
    ("杨", "Yang"),
    ("赵", "Zhao"),
    ("黄", "Huang"),
    ("周", "Zhou"),
    ("吴", "Wu"),
    ("徐", "Xu"),
    ("孙", "Sun"),
];

const GIVEN_NAMES: [(&str, &str); 10] = [
    ("雷", "Lei"),
    ("梅", "Mei"),
    ("晓明", "Xiaoming"),
    ("佳怡", "Jiayi"),
    ("子轩", "Zixuan"),
    ("思远", "Siyuan"),
    ("雨桐", "Yutong"),
    ("浩然", "Haoran"),
    ("静", "Jing"),
    ("文博", "Wenbo"),
];

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// The number.
    pub(super) user_id: UserId,
    /// Both names.
    pub(super) name: String,
}

/// Everybody, in order of their numbers. Each surname meets each given name once.
pub(super) fn people() -> Vec<Person> {
    let names = GIVEN_NAMES
        .iter()
        .flat_map(|given| SURNAMES.iter().map(move |surname| (surname, given)));
    names
        .zip(0..)
        .take(PEOPLE)
        .filter_map(|((surname, given), index)| {
            Some(Person {
                user_id: UserId::new(FIRST_NUMBER + STEP * index).ok()?,
                name: format!("{}{} {} {}", surname.0, given.0, given.1, surname.1),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_there_twice() {
        let people = people();
        assert_eq!(people.len(), PEOPLE);
        let names: BTreeSet<_> = people.iter().map(|person| &person.name).collect();
        assert_eq!(names.len(), PEOPLE);
        assert_eq!(people[0].name, "李雷 Lei Li");
        assert!(people.windows(2).all(|pair| pair[0].user_id < pair[1].user_id));
    }
}
