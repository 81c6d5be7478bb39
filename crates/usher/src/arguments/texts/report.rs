//! The Chinese help and the examples of `usher report` and `usher user leave`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "report",
        chinese: "查看报表。",
        examples: &["usher report idle", "usher report usage"],
    },
    CommandTexts {
        path: "report idle",
        chinese: "列出闲置的席位及其依据，闲置最久的在前。",
        examples: &[
            "usher report idle",
            "usher report idle --idle-days 30 --app crm --group sales",
            "usher report idle --never-used --csv > never-used.csv",
            "usher report idle --html idle.html",
            "usher report idle --idle-days 0 --verdict redundant,on_leave --json",
        ],
    },
    CommandTexts {
        path: "report usage",
        chinese: "按日、周或月统计活跃用户数。",
        examples: &[
            "usher report usage",
            "usher report usage --window month --from 2026-01-01",
            "usher report usage --window seven_days --app crm --csv > crm.csv",
        ],
    },
    CommandTexts {
        path: "user leave",
        chinese: "管理休假：休假期间不计入闲置时间。",
        examples: &["usher user leave add 7 --from 2026-12-01 --until 2027-03-01"],
    },
    CommandTexts {
        path: "user leave list",
        chinese: "列出某人的休假。",
        examples: &["usher user leave list 7"],
    },
    CommandTexts {
        path: "user leave add",
        chinese: "记录一段休假；休假期间不计入闲置时间。",
        examples: &[
            "usher user leave add 7 --from 2026-12-01 --until 2027-03-01",
            "usher user leave add 7 --from 2026-12-01 --until 2027-03-01 --dry-run --reason parental-leave",
        ],
    },
    CommandTexts {
        path: "user leave remove",
        chinese: "删除一段休假。",
        examples: &["usher user leave remove 7 --from 2026-12-01"],
    },
];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    (
        "report idle/idle_days",
        "闲置至少这么多天；0 表示按用户次序列出全部席位 [默认：90；使用 --never-used 时为 0]。",
    ),
    ("never_used", "仅列出从未有人使用过的席位。"),
    (
        "report idle/seat_type",
        "仅列出这类席位：per_user 或 per_user_per_app。",
    ),
    ("report idle/app", "仅列出该应用的应用席位。"),
    ("report idle/group", "仅列出该用户组中各人的席位。"),
    (
        "verdict",
        "仅列出具有这些结论之一的席位，以逗号分隔：protected、on_leave、new、redundant、never_used、idle、in_use。",
    ),
    ("csv", "输出供电子表格使用的表格。"),
    ("html", "将报表写入一个可用任意浏览器打开、便于邮寄的新文件。"),
    ("report usage/from", "第一天 [默认：最后一天之前 29 天]。"),
    ("report usage/until", "最后一天 [默认：租户所在时区的今天]。"),
    (
        "window",
        "在哪些日期内每人只计一次：day、seven_days、thirty_days、week 或 month [默认：day]。",
    ),
    (
        "report usage/seat_type",
        "仅统计经由这类席位的访问：per_user 或 per_user_per_app。",
    ),
    ("report usage/app", "仅统计该应用。"),
    ("user leave list/user_id", "用户的编号。"),
    ("user leave add/user_id", "用户的编号。"),
    ("user leave remove/user_id", "用户的编号。"),
    (
        "user leave add/from",
        "开始时间：日期、时刻（如 2026-12-31T08:00:00Z）或毫秒数。",
    ),
    ("user leave add/until", "返回时间，形式同上；日期表示当日的开始。"),
    (
        "user leave remove/from",
        "开始时间：日期、时刻（如 2026-12-31T08:00:00Z）或毫秒数。",
    ),
    ("user leave add/dry_run", DRY_RUN),
    ("user leave remove/dry_run", DRY_RUN),
];

const DRY_RUN: &str = "只显示将会发生什么，不保留任何更改。";
