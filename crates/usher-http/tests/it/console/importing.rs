//! Tables of accesses, as a file and pasted.

use axum::http::StatusCode;

use super::{HUNDRED_DAYS_MS, read};
use crate::{
    sign_in_support::Browser,
    support::{Ask, House},
};

#[tokio::test]
async fn a_file_is_imported_and_shows_at_once_what_lies_idle() {
    let house = House::for_people().await;
    house.clock.advance(HUNDRED_DAYS_MS);
    let mut browser = Browser::new(&house).signed_in().await;
    let welcome = browser.get("/console").await;
    assert!(
        read(&welcome).contains("Import a CSV"),
        "an empty console says what to do: {welcome}"
    );
    let long_ago = crate::support::BEGIN_MS;
    let lines =
        format!("time_ms,user_id,namespace\r\n{long_ago},21,wiki\r\n{long_ago},22,wiki\r\nrubbish\r\n");
    let token = browser.get("/console/import").await.form("/console/import");
    let mut body = String::new();
    for (name, value) in [
        ("form_token", token.field("form_token")),
        ("missing", "yes"),
        ("kind", "per_user"),
        ("lines", ""),
    ] {
        body.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{lines}\r\n--b--\r\n"
    ));
    let ask = Ask::get("/console/import")
        .method("POST")
        .header("content-type", "multipart/form-data; boundary=b")
        .header("sec-fetch-site", "same-origin")
        .body(body);
    let done = browser.send(ask).await;
    let text = read(&done);
    assert!(
        text.contains("3 lines read: 2 recorded, 0 refused, 1 not understood."),
        "{text}"
    );
    assert!(text.contains("New: 2 people, 1 app, 2 seats."), "{text}");
    let idle = browser.get("/console/seats?idle=90").await;
    assert!(
        idle.text.contains("per_user%3A21") && idle.text.contains("per_user%3A22"),
        "{idle}"
    );
}

#[tokio::test]
async fn pasted_lines_stay_in_the_form_until_all_of_them_fit() {
    let house = House::for_people().await;
    house.clock.advance(HUNDRED_DAYS_MS);
    let mut browser = Browser::new(&house).signed_in().await;
    let form = browser.get("/console/import").await.form("/console/import");
    let paste = |lines: &str| form.clone().with("missing", "yes").with("lines", lines);
    let wrong = browser.submit(&paste("who,what\n7,crm\n")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.alert().contains("Line 1 must be") && wrong.alert().contains("who,what"),
        "{wrong}"
    );
    assert!(read(&wrong).contains(">who,what\n7,crm\n</textarea>"), "{wrong}");
    let lines = "time_ms,user_id,namespace\n2020-01-02T08:00:00+08:00,7,crm\n2020-01-02,8,crm\n2099-01-01T00:00:00Z,9,crm\n";
    let half = browser.submit(&paste(lines)).await;
    let text = read(&half);
    assert!(
        half.text.contains("<p class=\"attention\""),
        "lines that were not taken are no good news: {half}"
    );
    assert!(
        text.contains("3 lines read: 1 recorded, 0 refused, 2 not understood."),
        "{text}"
    );
    assert!(
        text.contains("a moment with its zone") && text.contains("lies in the future"),
        "{text}"
    );
    assert!(text.contains(&format!(">{lines}</textarea>")), "{text}");
    let person = browser.get("/console/people/7").await;
    assert!(read(&person).contains("2020-01-02 00:00"), "{person}");
}
