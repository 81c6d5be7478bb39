//! The Chinese help and the examples of `usher store`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "store",
        chinese: "照看存储：账本所在之处。",
        examples: &["usher store instances"],
    },
    CommandTexts {
        path: "store instances",
        chinese: "列出在此账本上工作的服务器，以及各自已将放行者记录到何时。",
        examples: &[
            "usher store instances",
            "usher store instances --store postgres://usher@db.example.com/usher --json",
        ],
    },
    CommandTexts {
        path: "store instances retire",
        chinese: "忘记一台不再回来的服务器：报告不再等待其可能尚存的内容。",
        examples: &["usher store instances retire usher-3"],
    },
    CommandTexts {
        path: "store copy",
        chinese: "将整个账本从一个文件或数据库复制到另一个；期间两边都不得有人使用。",
        examples: &[
            "usher store copy --from sqlite:./usher-data --to postgres://usher@db.example.com/usher",
            "usher store copy --from postgres://usher@db.example.com/usher --to sqlite:./usher-data --json",
        ],
    },
    CommandTexts {
        path: "store distribute",
        chinese: "将数据库的表分布到以其为协调节点的 Citus 集群。",
        examples: &[
            "usher store distribute --store postgres://usher@coordinator.example.com/usher --dry-run",
            "usher store distribute --store postgres://usher@coordinator.example.com/usher",
        ],
    },
];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("store instances retire/name", "所列出的名称。"),
    (
        "store copy/from",
        "账本所在之处：sqlite:PATH 或 postgres://USER@HOST/DATABASE。",
    ),
    (
        "store copy/to",
        "账本的去处：空的文件或数据库；若复制曾中断，则为之前的同一处。",
    ),
    (
        "from_password_file",
        "保存来源数据库密码的文件 [环境变量：密码本身可放入 USHER_FROM_PASSWORD]。",
    ),
    (
        "to_password_file",
        "保存目标数据库密码的文件 [环境变量：密码本身可放入 USHER_TO_PASSWORD]。",
    ),
    ("from_key_file", "来源数据库的密钥文件（当其自身不保存密钥时）。"),
    (
        "to_key_file",
        "目标数据库的密钥文件（当其自身不应保存密钥时）；其中必须是账本的密钥。",
    ),
    ("store distribute/dry_run", "仅说明将做什么，不做任何更改。"),
];
