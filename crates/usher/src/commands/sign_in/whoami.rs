//! `usher whoami`: who is signed in, and what their token may do.

use serde_json::json;

use super::{Context, kept};
use crate::{
    arguments::sign_in::WhoamiArguments,
    chance::SystemChance,
    clock::SystemClock,
    failure::Failure,
    moments,
    output::Exit,
    sign_in::{
        kept::{SignIn, Turn},
        remote::{Me, Remote, Standing, shown, sign_in_again},
        renewal::renew,
    },
    words,
};

/// How long before its end a token is renewed, in milliseconds: the two machines' clocks differ a little.
const RENEWED_EARLY_MS: i64 = 60 * 1_000;

/// Asks and tells.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: WhoamiArguments,
) -> Result<Exit, Failure> {
    let (server, turn, sign_in) = kept(arguments.place).await?;
    let remote = Remote::new(server, sign_in.ca_file.as_deref())?;
    tell(context, &remote, &turn, sign_in).await
}

/// Says who a sign-in is, renewing it if that is needed.
///
/// # Errors
/// A failure whose next command is `usher login` when it is over.
pub(super) async fn tell(
    context: &Context<'_>,
    remote: &Remote,
    turn: &Turn,
    mut sign_in: SignIn,
) -> Result<Exit, Failure> {
    let now_ms = SystemClock.now_ms();
    let mut fresh =
        now_ms < sign_in.expires_at_ms.saturating_sub(RENEWED_EARLY_MS) && sign_in.renewal_key.is_none();
    loop {
        if !fresh {
            sign_in = renew(remote, turn, sign_in, &SystemChance, now_ms).await?;
        }
        match remote.me(&sign_in.access_token).await? {
            Standing::Good(me) => return say(context, remote, &sign_in, &me),
            // Taken back, or its end came early: only asking for another tells.
            Standing::Spent if fresh => fresh = false,
            Standing::Spent => {
                let origin = remote.origin();
                let words = words!("{origin} does not take the token", "{origin} 不接受该令牌");
                return Err(sign_in_again(origin, words));
            }
        }
    }
}

fn say(context: &Context<'_>, remote: &Remote, sign_in: &SignIn, me: &Me) -> Result<Exit, Failure> {
    let server = remote.origin();
    let name = shown(me.name.as_deref().unwrap_or("-"));
    let tenant_key = shown(me.tenant_key.as_deref().unwrap_or("-"));
    let user_id = me
        .user_id
        .map_or_else(|| "-".to_owned(), |user_id| user_id.to_string());
    let scopes: Vec<String> = me.scopes.iter().map(|scope| shown(scope)).collect();
    let roles: &[&str] = if me.system_administrator {
        &["system_administrator"]
    } else {
        &[]
    };
    let role = if me.system_administrator {
        words!("system administrator", "系统管理员")
    } else {
        words!("member", "成员")
    };
    let expires_at_ms = me.expires_at_ms.unwrap_or(sign_in.expires_at_ms);
    let renewable_until_ms = sign_in.refresh.as_ref().map(|refresh| refresh.expires_at_ms);
    let until = moments::shown(expires_at_ms);
    let renewal = renewable_until_ms.map_or_else(
        || words!("", ""),
        |until_ms| {
            let until = moments::shown(until_ms);
            words!(
                "; it renews itself when it is used until {until}",
                "；在 {until} 之前使用时会自动续期"
            )
        },
    );
    let listed = scopes.join(" ");
    let words = words!(
        "{name} (user {user_id}) of tenant {tenant_key}, at {server}",
        "{name}（用户 {user_id}），租户 {tenant_key}，服务器 {server}"
    )
    .line(&words!("role: ", "角色：").then(&role))
    .line(&words!("scopes: {listed}", "权限：{listed}"))
    .line(&words!("the token ends at {until}", "令牌有效期至 {until}").then(&renewal));
    let machine = json!({
        "server": server.as_str(),
        "user_id": me.user_id,
        "name": me.name,
        "tenant_key": me.tenant_key,
        "roles": roles,
        "scopes": me.scopes,
        "client_id": sign_in.client_id,
        "expires_at_ms": expires_at_ms,
        "renewable_until_ms": renewable_until_ms,
    });
    context.output.result(&words, &machine)?;
    Ok(Exit::Done)
}
