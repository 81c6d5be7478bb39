//! The Chinese help and the examples of the commands that take tables in and give them out.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "import seats",
        chinese: "从日常维护的表格（CSV）分配席位：谁持有哪个席位，到何时为止。",
        examples: &[
            "usher import seats seats.csv --dry-run",
            "usher import seats seats.csv --create-missing",
            "usher import seats seats.csv --wait --tenant acme",
        ],
    },
    CommandTexts {
        path: "import users",
        chinese: "从表格（CSV）创建或更改用户。",
        examples: &[
            "usher import users users.csv",
            "usher import users - --tenant acme --dry-run < users.csv",
        ],
    },
    CommandTexts {
        path: "import apps",
        chinese: "从表格（CSV）创建或更改应用。",
        examples: &["usher import apps apps.csv"],
    },
    CommandTexts {
        path: "import groups",
        chinese: "从表格（CSV）创建用户组、加入成员，并让用户组分配席位。",
        examples: &["usher import groups groups.csv --create-missing"],
    },
    CommandTexts {
        path: "import pools",
        chinese: "从表格（CSV）设定购买的席位数量。",
        examples: &["usher import pools pools.csv --dry-run"],
    },
    CommandTexts {
        path: "export seats",
        chinese: "打印谁持有或曾持有哪个席位。",
        examples: &[
            "usher export seats > seats.csv",
            "usher export seats --format jsonl --tenant acme",
        ],
    },
    CommandTexts {
        path: "export users",
        chinese: "打印用户。",
        examples: &["usher export users > users.csv"],
    },
    CommandTexts {
        path: "export apps",
        chinese: "打印应用。",
        examples: &["usher export apps > apps.csv"],
    },
    CommandTexts {
        path: "export groups",
        chinese: "打印用户组、其成员及其分配的席位。",
        examples: &["usher export groups > groups.csv"],
    },
    CommandTexts {
        path: "export pools",
        chinese: "打印购买的席位数量及其使用情况。",
        examples: &["usher export pools > pools.csv"],
    },
];

const TABLE: &str = "CSV 表格，- 表示标准输入。";
const REHEARSAL: &str = "逐行试行并显示将会发生什么，不做任何更改。";
const MAKE: &str = "创建某行提到而缺失的用户、应用与用户组。";
const FORM: &str = "行的形式：csv 或 jsonl（JSON 行）[默认：csv]。";

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("import seats/file", TABLE),
    ("import users/file", TABLE),
    ("import apps/file", TABLE),
    ("import groups/file", TABLE),
    ("import pools/file", TABLE),
    ("import seats/dry_run", REHEARSAL),
    ("import users/dry_run", REHEARSAL),
    ("import apps/dry_run", REHEARSAL),
    ("import groups/dry_run", REHEARSAL),
    ("import pools/dry_run", REHEARSAL),
    ("import seats/create_missing", MAKE),
    ("import users/create_missing", MAKE),
    ("import groups/create_missing", MAKE),
    ("import pools/create_missing", MAKE),
    ("import seats/wait", "让没有空闲席位可分的人排队等候。"),
    ("export seats/format", FORM),
    ("export users/format", FORM),
    ("export apps/format", FORM),
    ("export groups/format", FORM),
    ("export pools/format", FORM),
];
