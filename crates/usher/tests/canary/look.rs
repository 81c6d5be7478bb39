//! Looking at what is left behind, and judging it.

use serde_json::Value;

use crate::{
    place::{Place, Server},
    vault::{Hidden, Vault},
    world::{World, bearer},
};

/// Something that was looked at.
#[derive(Debug)]
pub(crate) struct Sight {
    place: String,
    bytes: Vec<u8>,
    /// True for an answer to whoever asked.
    answer: bool,
}

impl Sight {
    pub(crate) fn new(place: &str, bytes: Vec<u8>, answer: bool) -> Self {
        assert!(!bytes.is_empty(), "{place} is empty");
        Self {
            place: place.to_owned(),
            bytes,
            answer,
        }
    }
}

/// Everything there is to see around a running server.
pub(crate) fn around(world: &mut World, place: &Place, server: &Server, operator: &str) -> Vec<Sight> {
    let metrics = world.get("/metrics", &[]);
    assert!(metrics.body.contains("usher_"), "{metrics:?}");
    world.cookies.clear();
    for target in described_gets(world) {
        let answer = world.get(&target, &[bearer(operator)]);
        assert!(answer.status < 500, "{target}: {answer:?}");
    }
    let mut sights = commands(place);
    sights.push(Sight::new("process arguments", server.command_line(), false));
    sights.extend(at_files(world, place));
    assert!(
        sights.iter().any(|sight| sight.place.ends_with("-wal")),
        "there is a write-ahead log while the server runs"
    );
    sights
}

/// Every `GET` of the OpenAPI document, with the names of things that are there.
fn described_gets(world: &mut World) -> Vec<String> {
    let document = world.get("/openapi.json", &[]).json();
    let mut names = vec![("{tenant_key}".to_owned(), "default".to_owned())];
    for (list, field) in [
        ("users", "user_id"),
        ("apps", "namespace"),
        ("clients", "client_id"),
    ] {
        let operation = &document["paths"][format!("/usher/v1/{list}")]["get"];
        assert!(operation.is_object(), "{list} is described");
        names.push((format!("{{{field}}}"), first_of(world, list, field)));
    }
    let described = document["paths"].as_object().unwrap().iter();
    let gets = described.filter(|(_, operations)| operations["get"].is_object());
    let targets: Vec<String> = gets
        .map(|(path, _)| {
            let path = names
                .iter()
                .fold(path.clone(), |path, (name, value)| path.replace(name, value));
            // What this tale has none of is asked for all the same; the answer that there is none is an answer.
            let path: String = path
                .split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            format!("{path}?tenant_key=default&seat_type=per_user&page_size=50")
        })
        .collect();
    assert!(targets.len() >= 12, "{targets:?}");
    targets
}

/// The name of some thing in a list that was read before.
fn first_of(world: &World, list: &str, field: &str) -> String {
    let known = match field {
        "user_id" => return "1".to_owned(),
        "namespace" => return "crm".to_owned(),
        _ => world
            .heard
            .iter()
            .find(|(line, _)| line.starts_with(&format!("POST /usher/v1/{list}?"))),
    };
    let (_, text) = known.unwrap();
    let (_, body) = text
        .split_once("\r\n")
        .map_or(("", ""), |_| text.split_once("\n{").unwrap());
    let json: Value = serde_json::from_str(&format!("{{{body}")).unwrap();
    json["data"][field].as_str().unwrap().to_owned()
}

/// Every command that lists, shows or exports.
fn commands(place: &Place) -> Vec<Sight> {
    let list: [&[&str]; 14] = [
        &["export", "activities", "--format", "csv"],
        &["export", "activities", "--format", "jsonl"],
        &["token", "list"],
        &["token", "list", "--json"],
        &["tenant", "list", "--json"],
        &["user", "list", "--json"],
        &["user", "show", "1"],
        &["app", "list", "--json"],
        &["client", "list"],
        &["client", "list", "--json"],
        &["identity-provider", "show"],
        &["identity-provider", "show", "--json"],
        &["config", "show"],
        &["config", "show", "--json"],
    ];
    list.iter()
        .map(|arguments| {
            let (stdout, stderr) = place.usher(arguments, "");
            Sight::new(
                &format!("usher {arguments:?}"),
                (stdout + &stderr).into_bytes(),
                false,
            )
        })
        .collect()
}

/// Every file of the data folder. The key file may hold the key, and nothing else; no other file may hold it.
pub(crate) fn at_files(world: &mut World, place: &Place) -> Vec<Sight> {
    let files = place.files();
    let (_, key) = files.iter().find(|(name, _)| name == "usher.key").unwrap();
    assert_eq!(key.len(), 32);
    world.vault.hide_bytes("key file", key);
    let others = files
        .iter()
        .filter(|(name, bytes)| name != "usher.key" && !bytes.is_empty());
    others
        .map(|(name, bytes)| Sight::new(&format!("file {name}"), bytes.clone(), false))
        .collect()
}

/// What every server of this place logged.
pub(crate) fn at_log(place: &Place) -> Sight {
    let bytes = place.logs();
    let text = String::from_utf8_lossy(&bytes);

    for part in [
        "/oauth/v3/token",
        "/link/{secret}",
        "request failed inside",
        "another server failed us",
    ] {
        assert!(text.contains(part), "the log says nothing of {part}: {text}");
    }
    Sight::new("log", bytes, false)
}

/// Every answer, without what it gave out by right.
pub(crate) fn at_heard(world: &World) -> Vec<Sight> {
    let heard = world.heard.iter();
    heard
        .map(|(whence, text)| Sight::new(&format!("answer to {whence}"), text.clone().into_bytes(), true))
        .collect()
}

/// Every secret that is seen where it must not be.
pub(crate) fn leaks(vault: &Vault, sights: &[Sight]) -> Vec<String> {
    let search = vault.search();
    let mut leaks = Vec::new();
    for sight in sights {
        for (canary, form) in search.found(&sight.bytes) {
            if canary.hidden == Hidden::Everywhere || !sight.answer {
                leaks.push(format!("{} is in {} as {form}", canary.name, sight.place));
            }
        }
    }
    leaks.dedup();
    leaks
}

/// Plants every form of every secret in what was looked at, and must find each.
pub(crate) fn assert_able_to_see(vault: &Vault, sights: &[Sight]) {
    let search = vault.search();
    let ground = &sights.iter().min_by_key(|sight| sight.bytes.len()).unwrap().bytes;
    for canary in &vault.canaries {
        for (form, bytes) in &canary.forms {
            let planted = [ground, bytes.as_slice(), ground].concat();
            let found = search.found(&planted);
            assert!(
                found
                    .iter()
                    .any(|(seen, as_form)| seen.name == canary.name && as_form == form),
                "{} as {form} would not be found",
                canary.name
            );
        }
    }
}
