//! The Chinese help and the examples of `usher audit`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "audit",
        chinese: "查看审计日志，并证明其未被改动。",
        examples: &["usher audit list --object user:7", "usher audit verify --all"],
    },
    CommandTexts {
        path: "audit list",
        chinese: "列出审计日志的记录，最新的在前：谁、何时、从何处、为何更改了什么。",
        examples: &[
            "usher audit list",
            "usher audit list --object seat:per_user:7",
            "usher audit list --actor user:1 --from 2026-11-01 --until 2026-12-01 --json",
            "usher audit list --no-tenant",
        ],
    },
    CommandTexts {
        path: "audit export",
        chinese: "将记录输出为表格，最早的在前。",
        examples: &[
            "usher audit export --format csv > audit.csv",
            "usher audit export --format jsonl --tenant acme --from 2026-01-01",
        ],
    },
    CommandTexts {
        path: "audit verify",
        chinese: "证明没有记录被更改、删除或移动；否则指出是哪些。",
        examples: &[
            "usher audit verify",
            "usher audit verify --all --json",
            "usher audit verify --expect 4711:5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        ],
    },
];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("no_tenant", "不属于任何租户的事项的日志，例如运营者令牌。"),
    (
        "audit list/object",
        "仅列出关于某一对象的记录，例如 seat:per_user:42、user:42 或 client:cli_a1b2。",
    ),
    (
        "audit export/object",
        "仅列出关于某一对象的记录，例如 seat:per_user:42、user:42 或 client:cli_a1b2。",
    ),
    (
        "actor",
        "仅列出由某一操作者所做的记录，例如 user:42、operator:0123456789abcdef、command_line:root 或 system。",
    ),
    (
        "audit list/from",
        "仅列出此时刻及以后：日期（UTC）、时刻（如 2026-12-31T08:00:00+08:00）或毫秒数。",
    ),
    (
        "audit export/from",
        "仅列出此时刻及以后：日期（UTC）、时刻（如 2026-12-31T08:00:00+08:00）或毫秒数。",
    ),
    ("audit list/until", "仅列出此时刻以前，形式同上。"),
    ("audit export/until", "仅列出此时刻以前，形式同上。"),
    ("audit list/tenant", "日志所属的租户 [默认：default]。"),
    ("audit export/tenant", "日志所属的租户 [默认：default]。"),
    ("audit verify/tenant", "日志所属的租户 [默认：default]。"),
    ("oldest_first", "最早的在前。"),
    (
        "audit verify/all",
        "全部日志：各租户的日志，以及不属于任何租户的事项的日志。",
    ),
    (
        "expect",
        "您先前记下的一条记录；它必须原样存在。没有它，连同标记一起被截去的末尾无法察觉。",
    ),
];
