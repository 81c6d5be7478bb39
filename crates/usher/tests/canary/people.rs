//! People: links, passwords, second factors, sessions, and an organisation's own identity provider.

use usher_identity::one_time_password::{OneTimeKey, STEP_SECONDS};

use crate::{
    outside::{ACCESS_TOKEN, CLIENT_ID, Outside, REFRESH_TOKEN},
    place::Place,
    world::{Answer, World},
};

/// What people choose and mistype. Spaces and signs look different in every form of writing.
pub(crate) const PASSWORD: &str = "wild +plum/ 8 & lantern%=trousers";
/// What Ann has before she changes it.
const FIRST_PASSWORD_OF_ANN: &str = "nine \u{e9}toiles / under = the & bridge";
const PASSWORD_OF_ANN: &str = "seven <quiet> boats? \"at\" noon\\today";
const WRONG: [(&str, &str); 3] = [
    ("wrong password", "not the password: orange gravel & 41"),
    ("other password", "a second text that is not the first!"),
    ("guessable password", "qwertyuiopqwertyuiop"),
];
const PROVIDER_SECRET: &str = "canary+provider/secret=4f1c&2a9e";

/// A person chooses a password by a link, after mistakes.
pub(crate) fn choose_password(world: &mut World, path: &str, password: &str) {
    for (name, text) in WRONG {
        world.vault.hide(name, text);
    }
    world.vault.hide("password", password);
    world.vault.hide("link", path.strip_prefix("/link/").unwrap());
    let stray = "canaryLinkThatNobodyMadeAAAAAAAAAAAAAAAAAAA";
    world.vault.hide("stray link", stray);
    assert_eq!(world.get(&format!("/link/{stray}"), &[]).status, 404);
    // The page offers itself in the other language, at the address the browser came with.
    world.shown("stray link", stray);
    let page = world.get(path, &[]);
    assert_eq!(page.status, 200, "{page:?}");
    world.shown("link", path.strip_prefix("/link/").unwrap());
    for (first, second) in [(WRONG[0].1, WRONG[1].1), (WRONG[2].1, WRONG[2].1)] {
        let form = page.form(path).with("password", first).with("again", second);
        assert_eq!(world.submit(&form).status, 422);
        // The page asks again under its own address, as it must.
        world.shown("link", path.strip_prefix("/link/").unwrap());
    }
    let form = page.form(path).with("password", password).with("again", password);
    assert_eq!(world.submit(&form).status, 303);
    assert_eq!(world.submit(&form).status, 404, "it works once");
}

/// Somebody signs in, after a mistake; gives the answer to the good password.
pub(crate) fn sign_in(world: &mut World, name: &str, password: &str) -> Answer {
    let form = world.get("/sign-in", &[]).form("/sign-in");
    let wrong = form.clone().with("name", name).with("password", WRONG[0].1);
    assert_eq!(world.submit(&wrong).status, 403);
    // A password where the name belongs: the page shows what was typed, and that is all that may.
    let swapped = form.clone().with("name", WRONG[1].1).with("password", password);
    assert_eq!(world.submit(&swapped).status, 403);
    world.shown("other password", WRONG[1].1);
    let forged = form
        .clone()
        .with("form_token", "canaryFormTokenThatNobodyMadeAAAAAAAAAAAAAA");
    world
        .vault
        .hide("stray form token", "canaryFormTokenThatNobodyMadeAAAAAAAAAAAAAA");
    assert_eq!(
        world
            .submit(&forged.with("name", name).with("password", password))
            .status,
        403
    );
    world.submit(&form.with("name", name).with("password", password))
}

/// Somebody changes their own password, after mistakes.
pub(crate) fn change_password(world: &mut World, current: &str, next: &str) {
    world.vault.hide("next password", next);
    let form = world.get("/account/password", &[]).form("/account/password");
    for (typed, new, again) in [
        (WRONG[0].1, next, next),
        (current, next, WRONG[0].1),
        (current, WRONG[2].1, WRONG[2].1),
    ] {
        let wrong = form.clone().with("current", typed).with("password", new);
        let refused = world.submit(&wrong.with("again", again));
        assert!(matches!(refused.status, 403 | 422), "{refused:?}");
    }
    let right = form.with("current", current).with("password", next);
    let changed = world.submit(&right.with("again", next));
    assert_eq!(changed.status, 303, "{changed:?}");
}

/// A second factor is turned on, and asked for.
pub(crate) fn second_factor(world: &mut World, now_seconds: i64) {
    let page = world.get("/account/second-factor", &[]);
    let key = page
        .body
        .split("?secret=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let key = key.split("&#38;").next().unwrap().to_owned();
    let grouped: Vec<&str> = key
        .as_bytes()
        .chunks(4)
        .map(|four| std::str::from_utf8(four).unwrap())
        .collect();
    world.shown("one-time key", &key);
    world.shown("one-time key in groups", &grouped.join(" "));
    let bytes = base32(&key);
    world.vault.hide_bytes("bytes of the one-time key", &bytes);
    let telephone = OneTimeKey::new(bytes);
    let step = now_seconds / STEP_SECONDS;
    let form = page.form("/account/second-factor");
    assert_eq!(world.submit(&form.clone().with("digits", "x")).status, 403);
    // The page that asks again shows the key again, so that nobody has to begin anew.
    world.shown("one-time key", &key);
    world.shown("one-time key in groups", &grouped.join(" "));
    let on = world.submit(&form.with("digits", &telephone.digits(step)));
    assert_eq!(on.status, 303, "{on:?}");
    let account = world.get("/account", &[]);
    assert_eq!(world.submit(&account.form("/sign-out")).status, 303);
    let asked = sign_in(world, "1", PASSWORD);
    assert_eq!(asked.status, 200, "six digits are asked for: {asked:?}");
    let form = asked.form("/sign-in/digits");
    assert_eq!(world.submit(&form.clone().with("digits", "y")).status, 403);
    // Telephones may be a step ahead, and the step before is spent.
    let done = world.submit(&form.with("digits", &telephone.digits(step + 1)));
    assert_eq!(done.status, 303, "{done:?}");
}

fn base32(text: &str) -> [u8; 20] {
    let letter = |byte: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|known| *known == byte)
            .unwrap()
    };
    let bits: String = text.bytes().map(|byte| format!("{:05b}", letter(byte))).collect();
    std::array::from_fn(|byte| u8::from_str_radix(&bits[byte * 8..byte * 8 + 8], 2).unwrap())
}

/// Ann signs in through her organisation's provider, which answers in every bad way before the good one.
pub(crate) fn provider(world: &mut World, place: &Place, outside: &Outside, ann_link: &str) {
    for (name, text) in [
        ("provider secret", PROVIDER_SECRET),
        ("provider access token", ACCESS_TOKEN),
        ("provider refresh token", REFRESH_TOKEN),
    ] {
        world.vault.hide(name, text);
    }
    let set = [
        "identity-provider",
        "set",
        "--issuer",
        &outside.base,
        "--client-id",
        CLIENT_ID,
        "--name",
        "SSO",
    ];
    let (stdout, stderr) = place.usher(&set, &format!("{PROVIDER_SECRET}\n"));
    world.hears("usher identity-provider set", &(stdout + &stderr));
    world.cookies.clear();
    choose_password(world, ann_link, FIRST_PASSWORD_OF_ANN);
    assert_eq!(sign_in(world, "ann", FIRST_PASSWORD_OF_ANN).status, 303);
    change_password(world, FIRST_PASSWORD_OF_ANN, PASSWORD_OF_ANN);
    for kind in ["refused", "garbled", "forged", "othernonce"] {
        let page = come_back(world, "/account/provider", kind);
        assert_eq!(page.status, 502, "{kind}: {page:?}");
    }
    let page = come_back(world, "/account/provider", "good");
    let form = page.form("/account/provider/link");
    let stray = form
        .clone()
        .with("offer", "canaryOfferThatNobodyMadeAAAAAAAAAAAAAAAAAA");
    world
        .vault
        .hide("stray offer", "canaryOfferThatNobodyMadeAAAAAAAAAAAAAAAAAA");
    assert_eq!(world.submit(&stray).status, 403);
    assert_eq!(world.submit(&form).status, 303);
    let account = world.get("/account", &[]);
    assert_eq!(world.submit(&account.form("/sign-out")).status, 303);
    let done = come_back(world, "/sign-in/provider/start?organisation=default", "good");
    assert_eq!(done.status, 302, "{done:?}");
    for (name, text) in outside.confided.lock().unwrap().iter() {
        world.vault.hide(name, text);
    }
}

/// Goes to the provider and comes back with a code of this kind.
fn come_back(world: &mut World, start: &str, kind: &str) -> Answer {
    let away = world.get(start, &[]);
    let (state, nonce) = (away.sent_with("state"), away.sent_with("nonce"));
    world.shown("state at the provider", &state);
    world.shown("nonce at the provider", &nonce);
    let code = format!("canary-provider-code-{kind}~{nonce}");
    world.vault.hide("code of the provider", &code);
    let stray = format!("/sign-in/provider/callback?code={code}&state=x{state}");
    assert_eq!(world.get(&stray, &[]).status, 403);
    world.get(
        &format!("/sign-in/provider/callback?code={code}&state={state}"),
        &[],
    )
}
