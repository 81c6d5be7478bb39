//! One whole answer of every kind, to the letter: status, headers, body.
//!
//! Clock and chance are the test's own, so log ids and page tokens are the same in every run.

use usher_store::{Change, TokenKind};

use crate::support::{
    ACTIVITIES, ADMINISTRATOR, ASSIGNMENTS, ASSIGNMENTS_SCOPE, Answer, Ask, CLIENT, House, TokenOrder,
};

fn list(path: &str, seat_type: &str, page_size: usize) -> Ask {
    Ask::get(format!("{path}?seat_type={seat_type}&page_size={page_size}"))
}

/// Three people, two apps; user 7 has both kinds of seat, user 8 lost hers, user 9 never came.
async fn small_house() -> (House, String) {
    let house = House::open().await;
    let mut changes = vec![house.app("package_35f605__c"), house.app("crm")];
    changes.extend([7, 8, 9].map(|user| house.user(user, true, false)));
    changes.extend([
        house.seat(7, None),
        house.seat(7, Some("crm")),
        house.seat(8, None),
        house.seat(9, Some("crm")),
    ]);
    house.change(changes).await;
    house.access(&[(7, "crm"), (8, "package_35f605__c")]).await;
    house.clock.advance(86_400_000);
    house.access(&[(7, "package_35f605__c")]).await;
    house.change(vec![house.release(8, None)]).await;
    let token = house.administrator_token().await;
    (house, token)
}

async fn checked(house: &House, ask: Ask) -> Answer {
    let answer = house.ask(ask).await;
    answer.assert_common();
    answer
}

#[tokio::test]
async fn a_page_of_activities_with_more_to_come() {
    let (house, token) = small_house().await;
    let answer = checked(&house, list(ACTIVITIES, "per_user", 2).bearer(&token)).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    content-length: 347
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":0,"msg":"success","data":{"items":[{"user_id":7,"namespace":"crm","status":"in_use","active_time":1767323045000},{"user_id":7,"namespace":"package_35f605__c","status":"in_use","active_time":1767409445000}],"page_token":"Aaurq6urq6urq6urq6urq6sAAAAAAAAAAeA25QqaezxCY2Yy69toINk7ZBF7y7D7MdUc3xRbMfu8vgnB3RM9vghtvSPlvrUdvcGh","has_more":true}}
    "#);
}

#[tokio::test]
async fn the_last_page_of_activities() {
    let (house, token) = small_house().await;
    let answer = checked(&house, list(ACTIVITIES, "per_user", 500).bearer(&token)).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    content-length: 326
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":0,"msg":"success","data":{"items":[{"user_id":7,"namespace":"crm","status":"in_use","active_time":1767323045000},{"user_id":7,"namespace":"package_35f605__c","status":"in_use","active_time":1767409445000},{"user_id":8,"namespace":"package_35f605__c","status":"released","active_time":1767323045000}],"has_more":false}}
    "#);
}

#[tokio::test]
async fn an_empty_page() {
    let (house, token) = small_house().await;
    let answer = checked(&house, list(ACTIVITIES, "per_user_per_app", 500).bearer(&token)).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    content-length: 63
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":0,"msg":"success","data":{"items":[],"has_more":false}}
    "#);
}

#[tokio::test]
async fn platform_seats_have_no_namespace() {
    let (house, token) = small_house().await;
    let answer = checked(&house, list(ASSIGNMENTS, "per_user", 500).bearer(&token)).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    content-length: 128
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":0,"msg":"success","data":{"items":[{"user_id":7,"status":"in_use"},{"user_id":8,"status":"released"}],"has_more":false}}
    "#);
}

#[tokio::test]
async fn app_seats_name_their_app_and_show_though_never_used() {
    let (house, token) = small_house().await;
    let answer = checked(&house, list(ASSIGNMENTS, "per_user_per_app", 500).bearer(&token)).await;
    insta::assert_snapshot!(answer, @r#"
    200 OK
    content-length: 162
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":0,"msg":"success","data":{"items":[{"user_id":7,"namespace":"crm","status":"in_use"},{"user_id":9,"namespace":"crm","status":"in_use"}],"has_more":false}}
    "#);
}

#[tokio::test]
async fn no_token() {
    let (house, _) = small_house().await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES)).await, @r#"
    400 Bad Request
    content-length: 361
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991661,"msg":"Missing access token for authorization. Please make a request with token attached.","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991661&method_id=7447484643136946177"}}
    "#);
}

#[tokio::test]
async fn unknown_token() {
    let (house, _) = small_house().await;
    insta::assert_snapshot!(checked(&house, Ask::get(ASSIGNMENTS).bearer("u-nobody")).await, @r#"
    400 Bad Request
    content-length: 361
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991668,"msg":"Invalid access token for authorization. Please make a request with token attached.","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991668&method_id=7452929418211344412"}}
    "#);
}

#[tokio::test]
async fn expired_token() {
    let (house, _) = small_house().await;
    let order = TokenOrder {
        life_ms: 0,
        ..house.order()
    };
    let token = house.token(order).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    401 Unauthorized
    content-length: 334
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991677,"msg":"Authentication token expired. Please request a new one.","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991677&method_id=7447484643136946177"}}
    "#);
}

#[tokio::test]
async fn token_of_the_wrong_kind() {
    let (house, _) = small_house().await;
    let order = TokenOrder {
        kind: TokenKind::Tenant,
        ..house.order()
    };
    let token = house.token(order).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    400 Bad Request
    content-length: 418
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991663,"msg":"Invalid access token for authorization. Please make a request with token attached.","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991663&method_id=7447484643136946177","message":"This call needs a user access token (u-...)."}}
    "#);
}

#[tokio::test]
async fn disabled_client() {
    let (house, token) = small_house().await;
    house.change(vec![house.client(CLIENT, &[], false)]).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    400 Bad Request
    content-length: 293
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991662,"msg":"app not in use","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991662&method_id=7447484643136946177"}}
    "#);
}

#[tokio::test]
async fn scope_not_opened() {
    let (house, token) = small_house().await;
    house
        .change(vec![house.client(CLIENT, &[ASSIGNMENTS_SCOPE], true)])
        .await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    400 Bad Request
    content-length: 888
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991672,"msg":"Access denied. One of the following scopes is required: [app_engine:seat_activities:read].应用尚未开通所需的用户身份权限：[app_engine:seat_activities:read]，点击链接申请并开通任一权限即可：https://open.feishu.cn/app/cli_a1b2c3d4e5f60718/auth?q=app_engine:seat_activities:read&op_from=openapi&token_type=user","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991672&method_id=7447484643136946177","message":"Refer to the documentation to fix the error: https://open.feishu.cn/document/uAjLw4CM/ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-fix-the-99991672-error","permission_violations":[{"type":"action_scope_required","subject":"app_engine:seat_activities:read"}]}}
    "#);
}

#[tokio::test]
async fn scope_not_granted() {
    let (house, _) = small_house().await;
    let order = TokenOrder {
        scopes: vec![ASSIGNMENTS_SCOPE],
        ..house.order()
    };
    let token = house.token(order).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    400 Bad Request
    content-length: 839
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":99991679,"msg":"Unauthorized. You do not have permission to perform the requested operation on the resource. Please request user re-authorization and try again. required one of these privileges under the user identity: [app_engine:seat_activities:read].应用未获取所需的用户授权：[app_engine:seat_activities:read]，点击链接查看解决方案：https://open.feishu.cn/document/uAjLw4CM/ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-resolve-error-99991679","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=99991679&method_id=7447484643136946177","permission_violations":[{"type":"action_privilege_required","subject":"app_engine:seat_activities:read"}]}}
    "#);
}

#[tokio::test]
async fn too_often() {
    let (house, token) = small_house().await;
    checked(&house, list(ASSIGNMENTS, "per_user", 1).bearer(&token)).await;
    let answer = house
        .ask_at_once(list(ASSIGNMENTS, "per_user", 1).bearer(&token))
        .await;
    insta::assert_snapshot!(answer, @r#"
    429 Too Many Requests
    content-length: 310
    content-type: application/json; charset=utf-8
    retry-after: 1
    x-ogw-ratelimit-limit: 1
    x-ogw-ratelimit-reset: 1
    x-request-id: 20260103110406ABAB0000000000000002
    x-tt-logid: 20260103110406ABAB0000000000000002
    {"code":99991400,"msg":"request trigger frequency limit","error":{"log_id":"20260103110406ABAB0000000000000002","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000002&code=99991400&method_id=7452929418211344412"}}
    "#);
}

#[tokio::test]
async fn disabled_tenant() {
    let (house, token) = small_house().await;
    let tenant_off = Change::SetTenantEnabled {
        tenant_id: house.tenant_id,
        enabled: false,
    };
    house.change(vec![tenant_off]).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    404 Not Found
    content-length: 298
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2320003,"msg":"tenant does not exist","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=2320003&method_id=7447484643136946177"}}
    "#);
}

#[tokio::test]
async fn disabled_user() {
    let (house, token) = small_house().await;
    house.change(vec![house.user(ADMINISTRATOR, false, true)]).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    404 Not Found
    content-length: 296
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2320004,"msg":"user does not exist","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=2320004&method_id=7447484643136946177"}}
    "#);
}

#[tokio::test]
async fn not_an_administrator() {
    let (house, token) = small_house().await;
    house.change(vec![house.user(ADMINISTRATOR, true, false)]).await;
    insta::assert_snapshot!(checked(&house, Ask::get(ACTIVITIES).bearer(&token)).await, @r#"
    403 Forbidden
    content-length: 301
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2320005,"msg":"insufficient permissions","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=2320005&method_id=7447484643136946177"}}
    "#);
}

#[tokio::test]
async fn every_parameter_wrong() {
    let (house, token) = small_house().await;
    let uri = format!("{ACTIVITIES}?seat_type=platform&page_size=+5&page_token=None");
    insta::assert_snapshot!(checked(&house, Ask::get(uri).bearer(&token)).await, @r#"
    400 Bad Request
    content-length: 756
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2320006,"msg":"bad request or invalid parameter","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=2320006&method_id=7447484643136946177","field_violations":[{"field":"seat_type","value":"platform","description":"seat_type is required, options: [per_user,per_user_per_app]"},{"field":"page_size","value":" 5","description":"page_size is required, a whole number from 0 to 500 in decimal digits (0 means 10)"},{"field":"page_token","value":"None","description":"page_token must be the one of the previous page of this very list, at most 24 hours old; leave it out for the first page"}]}}
    "#);
}

#[tokio::test]
async fn parameters_missing_and_repeated() {
    let (house, token) = small_house().await;
    let uri = format!("{ASSIGNMENTS}?page_size=1&page_size=1");
    insta::assert_snapshot!(checked(&house, Ask::get(uri).bearer(&token)).await, @r#"
    400 Bad Request
    content-length: 500
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2320006,"msg":"bad request or invalid parameter","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=2320006&method_id=7452929418211344412","field_violations":[{"field":"seat_type","description":"seat_type is required, options: [per_user,per_user_per_app]"},{"field":"page_size","description":"page_size must be given only once"}]}}
    "#);
}

#[tokio::test]
async fn wrong_method() {
    let (house, token) = small_house().await;
    let ask = Ask::get(ACTIVITIES).method("POST").bearer(&token);
    insta::assert_snapshot!(checked(&house, ask).await, @r#"
    400 Bad Request
    content-length: 399
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2320006,"msg":"bad request or invalid parameter","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): https://open.feishu.cn/search?from=openapi&log_id=20260103110406ABAB0000000000000000&code=2320006&method_id=7447484643136946177","field_violations":[{"field":"method","value":"POST","description":"method must be GET"}]}}
    "#);
}

#[tokio::test]
async fn unknown_path() {
    let (house, _) = small_house().await;
    insta::assert_snapshot!(checked(&house, Ask::get("/open-apis/apaas/v1/seats")).await, @r#"
    404 Not Found
    content-length: 18
    content-type: text/plain
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    404 page not found
    "#);
}

#[tokio::test]
async fn address_too_long() {
    let (house, token) = small_house().await;
    let uri = format!("{ACTIVITIES}?{}", "a".repeat(8_200));
    insta::assert_snapshot!(checked(&house, Ask::get(uri).bearer(&token)).await, @r#"
    414 URI Too Long
    content-length: 265
    content-type: application/json; charset=utf-8
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2329003,"msg":"request uri is too long","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): 在 Usher 日志中查找 (search Usher's log for) log_id=20260103110406ABAB0000000000000000"}}
    "#);
}

#[tokio::test]
async fn store_unavailable() {
    let (house, token) = small_house().await;
    house.store.close().await;
    let answer = house.ask(list(ACTIVITIES, "per_user", 1).bearer(&token)).await;
    insta::assert_snapshot!(answer, @r#"
    503 Service Unavailable
    content-length: 275
    content-type: application/json; charset=utf-8
    retry-after: 1
    x-request-id: 20260103110406ABAB0000000000000000
    x-tt-logid: 20260103110406ABAB0000000000000000
    {"code":2329001,"msg":"usher is busy, please retry later","error":{"log_id":"20260103110406ABAB0000000000000000","troubleshooter":"排查建议查看(Troubleshooting suggestions): 在 Usher 日志中查找 (search Usher's log for) log_id=20260103110406ABAB0000000000000000"}}
    "#);
}
