//! Tales of finding people.

use usher_seats::SearchText;
use usher_store::{Change, User, UserPage, UserSearch, page::PAGE_ROWS_MAX, search::USERS_LOOKED_AT_MAX};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

async fn page(ledger: &Ledger, text: &str, after: Option<i64>, rows_max: usize) -> UserPage {
    let search = UserSearch {
        tenant_id: ledger.tenant_id,
        text: SearchText::parse(text).unwrap(),
        after: after.map(user_id),
        rows_max,
    };
    ledger.store.users_matching(search).await.unwrap()
}

async fn found(ledger: &Ledger, text: &str) -> Vec<i64> {
    let UserPage { users, next } = page(ledger, text, None, PAGE_ROWS_MAX).await;
    assert_eq!(next, None);
    users.iter().map(|user| user.user_id.get()).collect()
}

fn person(ledger: &Ledger, number: i64, name: &str, external_id: Option<&str>) -> User {
    User {
        name: name.to_owned(),
        external_id: external_id.map(str::to_owned),
        ..ledger.user(number)
    }
}

/// Names from every word on, sign-in names, numbers; and what people are called now and not before.
pub async fn people_are_found_as_somebody_types(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let other = Ledger::found(home.store(), "other").await;
    for user in [
        person(&ledger, 7, "Anna Müller", Some("anna@example.com")),
        person(&ledger, 8, "李雷", Some("li.lei")),
        person(&ledger, 9, "MULLER, Ann", None),
        person(&other, 10, "Anna Müller", None),
    ] {
        ledger.change(Change::PutUser(user), START_MS).await.unwrap();
    }
    for (text, expected) in [
        ("an", vec![7, 9]),
        ("MÜ", vec![7]),
        ("anna mül", vec![7]),
        ("雷", vec![8]),
        ("LI.", vec![8]),
        ("7", vec![7]),
        ("10", vec![]),
        ("uller", vec![]),
    ] {
        assert_eq!(found(&ledger, text).await, expected, "{text:?}");
    }
    let renamed = person(
        &ledger,
        7,
        "Anna-Lena Schmidt with a name so long that no index has all of it",
        None,
    );
    ledger.change(Change::PutUser(renamed), START_MS).await.unwrap();
    assert_eq!(found(&ledger, "müller").await, []);
    assert_eq!(found(&ledger, "anna@").await, []);
    assert_eq!(
        found(&ledger, "lena schmidt with a name so long that no index has a").await,
        [7]
    );
    assert_eq!(
        found(&ledger, "lena schmidt with a name so long that no index had").await,
        []
    );
    let delete = Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(7),
    };
    ledger.change(delete, START_MS).await.unwrap();
    assert_eq!(found(&ledger, "an").await, [9]);
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger
    };
    assert_eq!(found(&ledger, "ann").await, [9]);
}

/// Pages follow each other in order of the number, also where so many fit that people are walked one after the other.
pub async fn a_search_goes_on_where_it_stopped(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let people = i64::try_from(USERS_LOOKED_AT_MAX).unwrap() + 100;
    let changes = (1..=people).map(|number| {
        let name = if number % 10 == 0 {
            "Zoe Meier"
        } else {
            "Ada Meier"
        };
        Change::PutUser(person(&ledger, number, name, None))
    });
    ledger.store.change(changes.collect(), START_MS).await.unwrap();
    for (text, rows_max, expected) in [
        ("zoe", 50, people / 10),
        ("meier", 500, people),
        ("ada m", 499, people * 9 / 10),
    ] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let UserPage { users, next } = page(&ledger, text, after, rows_max).await;
            assert!(users.len() <= rows_max);
            seen.extend(users.iter().map(|user| user.user_id.get()));
            let Some(next) = next else { break };
            assert!(after.is_none_or(|after| after < next.get()), "{text:?}");
            after = Some(next.get());
        }
        assert!(seen.is_sorted_by(|one, next| one < next), "{text:?}");
        assert_eq!(i64::try_from(seen.len()).unwrap(), expected, "{text:?}");
    }
}

/// What means something to a database means nothing here.
pub async fn hostile_text_finds_nobody(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let user = person(&ledger, 1, "Ann", Some("ann"));
    ledger.change(Change::PutUser(user), START_MS).await.unwrap();
    for text in [
        "%",
        "_",
        "*",
        "a%",
        "a_n",
        "' OR '1'='1",
        "\"",
        "\\",
        "ann\u{0}",
        "\u{10ffff}",
        "[a]",
        "a|n",
    ] {
        let expected: &[i64] = if text.starts_with("ann") { &[1] } else { &[] };
        assert_eq!(found(&ledger, text).await, expected, "{text:?}");
    }
    let odd = person(&ledger, 2, "%_*' <script>\u{202e}🙂", Some("_%"));
    ledger.change(Change::PutUser(odd), START_MS).await.unwrap();
    for text in ["%", "%_*'", "_%", "script"] {
        assert_eq!(found(&ledger, text).await, [2], "{text:?}");
    }
}
