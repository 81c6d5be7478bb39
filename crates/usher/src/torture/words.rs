//! What is wrong, for people and for programs.

use serde_json::{Value, json};
use usher_checker::{Kind, Pair, Seat, Violation};

use super::plan::namespace;
use crate::{
    language::{Language, Words},
    words,
};

/// A violation in words.
pub(crate) fn shown(violation: &Violation) -> Words {
    match *violation {
        Violation::LostAccess { pair, .. } => {
            let whose = pair_name(pair);
            words!(
                "an acknowledged access is lost: {whose}",
                "一次已确认的访问丢失：{whose}"
            )
        }
        Violation::LowerTime {
            pair,
            acknowledged_ms,
            shown_ms,
        } => {
            let whose = pair_name(pair);
            words!(
                "active_time went back: {whose} was told {acknowledged_ms} and now shows {shown_ms}",
                "active_time 倒退：{whose} 曾确认 {acknowledged_ms}，现为 {shown_ms}"
            )
        }
        Violation::HigherTime {
            pair,
            latest_ms,
            shown_ms,
        } => {
            let whose = pair_name(pair);
            words!(
                "active_time is later than any access: {whose} shows {shown_ms}, the latest attempt was {latest_ms}",
                "active_time 晚于任何访问：{whose} 为 {shown_ms}，最晚的尝试为 {latest_ms}"
            )
        }
        Violation::InventedAccess { pair } => {
            let whose = pair_name(pair);
            words!(
                "an access is listed that nobody made: {whose}",
                "列出了无人进行的访问：{whose}"
            )
        }
        Violation::AdmittedWithoutSeat { pair } => {
            let whose = pair_name(pair);
            words!(
                "somebody was admitted without a seat: {whose}",
                "有人无席位而被放行：{whose}"
            )
        }
        Violation::RefusedWithSeat { user, app } => {
            let app = namespace(app);
            words!(
                "somebody with a seat was refused: user {user}, {app}",
                "有席位的人被拒绝：用户 {user}，{app}"
            )
        }
        Violation::OutOfOrder { kind, user, app } => {
            let seat_type = kind_name(kind);
            let app = app.map(namespace).unwrap_or_default();
            words!(
                "a list of {seat_type} has a row twice or out of order: user {user} {app}",
                "{seat_type} 列表中有一行重复或次序错误：用户 {user} {app}"
            )
        }
        _ => of_seats(violation),
    }
}

fn of_seats(violation: &Violation) -> Words {
    match *violation {
        Violation::LostSeat { seat } => {
            let seat = seat_name(seat);
            words!(
                "a seat that was given is lost: {seat}",
                "已分配的席位丢失：{seat}"
            )
        }
        Violation::InventedSeat { seat } => {
            let seat = seat_name(seat);
            words!(
                "a seat is in use that was taken back or never given: {seat}",
                "已收回或从未分配的席位显示为使用中：{seat}"
            )
        }
        Violation::WrongAnswer { seat } => {
            let seat = seat_name(seat);
            words!(
                "the answer to a change does not fit what the seat was: {seat}",
                "更改的应答与席位当时的状态不符：{seat}"
            )
        }
        Violation::PoolExceeded { app, bought, in_use } => {
            let pool = pool_name(app);
            words!(
                "more seats are in use than were bought: {pool} has {bought}, in use {in_use}",
                "使用中的席位多于购买数：{pool} 购买 {bought}，使用中 {in_use}"
            )
        }
        Violation::RefusedThoughFree { seat, bought, in_use } => {
            let seat = seat_name(seat);
            words!(
                "somebody was told that no seat is free while one was: {seat}, bought {bought}, in use at most {in_use}",
                "尚有空闲席位却告知无空闲：{seat}，购买 {bought}，最多使用 {in_use}"
            )
        }
        Violation::WrongCount {
            app,
            shown,
            least,
            most,
        } => {
            let pool = pool_name(app);
            words!(
                "a pool counts its seats wrongly: {pool} says {shown}, in use are {least} to {most}",
                "席位池计数错误：{pool} 显示 {shown}，实际使用 {least} 至 {most}"
            )
        }
        _ => words!(
            "the history cannot be judged: {violation:?}",
            "无法判断该历史：{violation:?}"
        ),
    }
}

/// A violation for programs.
pub(crate) fn machine(violation: &Violation) -> Value {
    json!({"violation": format!("{violation:?}"), "message": shown(violation).text(Language::English)})
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Platform => "per_user",
        Kind::App => "per_user_per_app",
    }
}

fn pair_name(pair: Pair) -> String {
    format!("{}:{}:{}", kind_name(pair.kind), pair.user, namespace(pair.app))
}

fn seat_name(seat: Seat) -> String {
    match seat.app {
        None => format!("per_user:{}", seat.user),
        Some(app) => format!("per_user_per_app:{}:{}", seat.user, namespace(app)),
    }
}

fn pool_name(app: Option<u32>) -> String {
    app.map_or_else(
        || "per_user".to_owned(),
        |app| format!("per_user_per_app:{}", namespace(app)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_has_words_in_both_languages() {
        let seat = Seat { user: 7, app: None };
        let pair = Pair {
            kind: Kind::App,
            user: 7,
            app: 1,
        };
        for violation in [
            Violation::LostAccess {
                pair,
                acknowledged_ms: 1,
            },
            Violation::InventedAccess { pair },
            Violation::LostSeat { seat },
            Violation::InventedSeat { seat },
            Violation::WrongAnswer { seat },
            Violation::NotInTurn { seat },
            Violation::RefusedWithSeat { user: 7, app: 1 },
        ] {
            let words = shown(&violation);
            assert!(words.text(Language::English).is_ascii());
            assert!(!words.text(Language::Chinese).is_ascii());
        }
    }
}
