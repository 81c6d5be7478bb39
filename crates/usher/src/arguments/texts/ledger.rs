//! The Chinese help and the examples of `usher pool`, `usher seat` and `usher group`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "pool",
        chinese: "管理席位池：购买了多少席位，已用多少，谁在等候。",
        examples: &["usher pool list", "usher pool set per_user --bought 100"],
    },
    CommandTexts {
        path: "pool list",
        chinese: "列出席位池：购买数、使用数与等候人数。",
        examples: &["usher pool list", "usher pool list --tenant acme --json"],
    },
    CommandTexts {
        path: "pool show",
        chinese: "查看席位池。",
        examples: &["usher pool show per_user", "usher pool show per_user_per_app:crm"],
    },
    CommandTexts {
        path: "pool set",
        chinese: "设定购买的席位数或每个席位的价格。",
        examples: &[
            "usher pool set per_user --bought 100",
            "usher pool set per_user_per_app:crm --bought 20 --valid-until 2027-01-01 --dry-run",
            "usher pool set per_user --bought 80 --allow-overdraft --reason contract",
            "usher pool set per_user --no-limit",
            "usher pool set per_user --price 30.00 --currency CNY --per month",
        ],
    },
    CommandTexts {
        path: "pool waiting",
        chinese: "按次序列出等候席位的人。",
        examples: &["usher pool waiting per_user"],
    },
    CommandTexts {
        path: "pool stop-waiting",
        chinese: "将某人移出等候名单。",
        examples: &["usher pool stop-waiting per_user 7"],
    },
    CommandTexts {
        path: "seat",
        chinese: "分配、收回与查看席位，单个或批量。",
        examples: &["usher seat assign per_user:7", "usher seat list per_user"],
    },
    CommandTexts {
        path: "seat list",
        chinese: "列出某类席位，不论是否在用。",
        examples: &[
            "usher seat list per_user",
            "usher seat list per_user_per_app --app crm --group sales --json",
        ],
    },
    CommandTexts {
        path: "seat show",
        chinese: "查看席位。",
        examples: &[
            "usher seat show per_user:7",
            "usher seat show per_user_per_app:7:crm",
        ],
    },
    CommandTexts {
        path: "seat assign",
        chinese: "分配席位。",
        examples: &[
            "usher seat assign per_user:7 per_user_per_app:8:crm --expires-at 2027-01-01",
            "usher seat assign --group sales --pool per_user --wait",
            "usher seat assign --file seats.txt --partial --dry-run",
        ],
    },
    CommandTexts {
        path: "seat release",
        chinese: "收回席位。",
        examples: &[
            "usher seat release per_user:7",
            "usher seat release --file idle.txt --partial --unless-admitted-since 2026-11-01 --reason idle",
        ],
    },
    CommandTexts {
        path: "seat restore",
        chinese: "将收回的席位按原样归还原持有人。",
        examples: &[
            "usher seat restore per_user:7",
            "usher seat restore --file released.txt --partial --dry-run",
        ],
    },
    CommandTexts {
        path: "seat transfer",
        chinese: "将席位一步转给他人。",
        examples: &["usher seat transfer per_user:7 --to 8"],
    },
    CommandTexts {
        path: "seat extend",
        chinese: "调整在用席位的到期时间。",
        examples: &[
            "usher seat extend per_user:7 --expires-at 2027-06-30",
            "usher seat extend per_user:7 --no-end",
        ],
    },
    CommandTexts {
        path: "seat protect",
        chinese: "保护席位，不因闲置被收回。",
        examples: &["usher seat protect per_user:7 --reason leave"],
    },
    CommandTexts {
        path: "seat unprotect",
        chinese: "解除对席位的保护。",
        examples: &["usher seat unprotect per_user:7"],
    },
    CommandTexts {
        path: "group",
        chinese: "管理用户组，以及组给予成员的席位。",
        examples: &["usher group create sales", "usher group give sales per_user"],
    },
    CommandTexts {
        path: "group list",
        chinese: "按标识顺序列出用户组。",
        examples: &["usher group list"],
    },
    CommandTexts {
        path: "group show",
        chinese: "查看用户组。",
        examples: &["usher group show sales"],
    },
    CommandTexts {
        path: "group members",
        chinese: "列出组内成员。",
        examples: &["usher group members sales"],
    },
    CommandTexts {
        path: "group create",
        chinese: "创建用户组。",
        examples: &["usher group create sales --name Sales"],
    },
    CommandTexts {
        path: "group rename",
        chinese: "重命名用户组。",
        examples: &["usher group rename sales Sales-and-support"],
    },
    CommandTexts {
        path: "group delete",
        chinese: "删除用户组；成员失去仅由该组给予的席位。",
        examples: &["usher group delete sales --dry-run"],
    },
    CommandTexts {
        path: "group add",
        chinese: "将用户加入组；组给予其席位。",
        examples: &["usher group add sales 7 8 9"],
    },
    CommandTexts {
        path: "group remove",
        chinese: "将用户移出组，并收回仅由该组给予的席位。",
        examples: &["usher group remove sales 7"],
    },
    CommandTexts {
        path: "group give",
        chinese: "让组给予成员某个池的席位。",
        examples: &["usher group give sales per_user_per_app:crm"],
    },
    CommandTexts {
        path: "group stop-giving",
        chinese: "终止给予；成员失去仅由此得到的席位。",
        examples: &["usher group stop-giving sales per_user_per_app:crm --dry-run"],
    },
];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("reason", "原因，记入审计日志。"),
    ("pool", "席位池：per_user，或 per_user_per_app:命名空间。"),
    ("bought", "购买的席位数。"),
    ("no_limit", "取消数量限制。"),
    ("price", "每个席位的价格，例如 30.00，仅用于报表。"),
    ("currency", "币种：三个大写字母，例如 CNY。"),
    ("per", "计价周期：month（月）或 year（年）。"),
    ("no_price", "取消价格。"),
    (
        "valid_from",
        "自何时起可分配：日期、时刻（如 2026-12-31T08:00:00Z）或毫秒数 [默认：始终]。",
    ),
    ("valid_until", "自何时起不可再分配，写法同上 [默认：永不]。"),
    (
        "allow_overdraft",
        "接受在用席位多于购买数；不会收回任何人的席位。",
    ),
    ("seat", "席位：per_user:编号，或 per_user_per_app:编号:命名空间。"),
    (
        "seats",
        "席位，每个写作 per_user:编号 或 per_user_per_app:编号:命名空间。",
    ),
    ("seat list/kind", "席位类型：per_user 或 per_user_per_app。"),
    ("seat list/user", "仅此用户的席位。"),
    ("seat list/app", "仅此应用的席位。"),
    ("seat list/group", "仅此组成员的席位。"),
    ("group", "此组的所有成员。"),
    ("seat assign/file", FILE),
    ("seat release/file", FILE),
    ("seat restore/file", FILE),
    ("seat extend/file", FILE),
    ("seat protect/file", FILE),
    ("seat unprotect/file", FILE),
    (
        "partial",
        "能做的都做，每个席位各有结果；否则一个不成则全部不做。",
    ),
    (
        "expires_at",
        "到期时间：日期、时刻（如 2026-12-31T08:00:00Z）或毫秒数 [默认：永不]。",
    ),
    (
        "seat extend/expires_at",
        "新的到期时间：日期、时刻（如 2026-12-31T08:00:00Z）或毫秒数。",
    ),
    ("wait", "没有空闲席位时进入等候名单。"),
    ("even_protected", "受保护的席位也收回。"),
    (
        "unless_admitted_since",
        "在此时刻或之后放行过的席位予以保留：日期、时刻或毫秒数。",
    ),
    ("to", "接收席位的用户编号。"),
    ("no_end", "取消到期时间。"),
    ("group_key", "组的标识。"),
    ("group_name", "新名称。"),
    ("user_ids", "用户编号。"),
    ("pool set/dry_run", DRY_RUN),
    ("pool stop-waiting/dry_run", DRY_RUN),
    ("seat assign/dry_run", DRY_RUN),
    ("seat release/dry_run", DRY_RUN),
    ("seat restore/dry_run", DRY_RUN),
    ("seat transfer/dry_run", DRY_RUN),
    ("seat extend/dry_run", DRY_RUN),
    ("seat protect/dry_run", DRY_RUN),
    ("seat unprotect/dry_run", DRY_RUN),
    ("group create/dry_run", DRY_RUN),
    ("group rename/dry_run", DRY_RUN),
    ("group delete/dry_run", DRY_RUN),
    ("group add/dry_run", DRY_RUN),
    ("group remove/dry_run", DRY_RUN),
    ("group give/dry_run", DRY_RUN),
    ("group stop-giving/dry_run", DRY_RUN),
];

const DRY_RUN: &str = "准确显示将会发生什么，但不保留任何更改。";
const FILE: &str = "每行一个席位的文件，最多 10,000 行；- 表示标准输入。";
