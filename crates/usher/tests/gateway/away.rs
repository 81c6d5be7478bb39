//! Usher is gone: nobody enters unchecked, and the page says so.

use crate::{
    app,
    browser::{Browser, signed_in},
    people::{account, fill},
    program::{Server, new_folder},
    site::{HOST, PAGE, Site},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_usher_everybody_waits_outside() {
    let folder = new_folder();
    fill(folder.path(), HOST, 8);
    let mut usher = Server::start(folder.path());
    let accounts: Vec<_> = (0..8).map(account).collect();
    let site = Site::open(usher.address, app::open().await, &accounts);
    let mut browser = Browser::open(site.address).await;
    let anna = signed_in(&account(0));
    assert_eq!(browser.get("/", &[("authorization", &anna)]).await.body, PAGE);

    usher.kill();
    for (path, language, sentence) in [
        ("/", "en", "The service is busy. Please try again in a moment."),
        ("/api/deals", "zh", "服务繁忙，请稍后重试。"),
    ] {
        let headers = [("authorization", anna.as_str()), ("accept-language", language)];
        // nginx ends a connection after an error of its own.
        let answer = Browser::open(site.address).await.get(path, &headers).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, "1"),
            "{}",
            answer.body
        );
        assert!(answer.body.contains(sentence), "{}", answer.body);
    }
    assert_eq!(
        browser.get("/", &[]).await.status,
        401,
        "the sign-in comes first all the same"
    );
}
