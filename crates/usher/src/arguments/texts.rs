//! The Chinese help and the examples of every command.
//!
//! Keys are the path of a command below `usher` (`token issue`, the program itself is the empty path); arguments
//! are keyed by their id, alone when it means the same everywhere, with the command's path before a slash when a
//! command needs its own text.

mod audit;
mod bench;
mod bulk;
mod keeping;
mod ledger;
mod manage;
mod report;
mod store;
mod torture;

/// What the help of a command says beyond its English doc comment.
pub(super) struct CommandTexts {
    pub(super) path: &'static str,
    pub(super) chinese: &'static str,
    pub(super) examples: &'static [&'static str],
}

const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "",
        chinese: "Usher，带门的席位账本：谁持有哪个席位，谁在使用已购买的应用。",
        examples: &[
            "usher demo",
            "usher serve",
            "usher serve --help",
            "usher --language zh --help",
        ],
    },
    CommandTexts {
        path: "serve",
        chinese: "运行服务器：门、列表与健康检查，共用一个地址。",
        examples: &[
            "usher serve",
            "usher serve --data /var/lib/usher --listen 127.0.0.1:8787 --log-format json",
            "usher serve --public-origin https://usher.example.com",
            "usher serve --store postgres://usher@db.example.com/usher --store-password-file /etc/usher/password",
            "USHER_GATEWAY_SECRET=... usher serve --trusted-proxies 10.0.0.0/8",
        ],
    },
    CommandTexts {
        path: "demo",
        chinese: "在临时文件夹中运行带有示例组织的服务器，结束时删除。",
        examples: &["usher demo", "usher demo --listen 127.0.0.1:0"],
    },
    CommandTexts {
        path: "import",
        chinese: "导入在别处发生的事情，以及别处保存的表格。",
        examples: &[
            "usher import accesses accesses.csv --create-missing",
            "usher import seats seats.csv --create-missing",
        ],
    },
    CommandTexts {
        path: "import accesses",
        chinese: "从带有表头 time_ms,user_id,namespace 的 CSV 文件中，让过去的访问依次通过门。",
        examples: &[
            "usher import accesses accesses.csv --create-missing",
            "usher import accesses - --tenant acme < accesses.csv",
            "usher import accesses accesses.csv --dry-run --json",
        ],
    },
    CommandTexts {
        path: "export",
        chinese: "导出账本中的内容。",
        examples: &[
            "usher export activities --format csv > activities.csv",
            "usher export seats > seats.csv",
        ],
    },
    CommandTexts {
        path: "export activities",
        chinese: "打印每个（席位类型、用户、应用）最近一次获准的访问。",
        examples: &[
            "usher export activities --format csv > activities.csv",
            "usher export activities --format jsonl --seat-type per_user_per_app --tenant acme",
        ],
    },
    CommandTexts {
        path: "apply",
        chinese: "从 JSON 行文件创建用户、应用、应用路由、席位、租户与客户端。",
        examples: &[
            "usher apply changes.jsonl",
            "usher apply changes.jsonl --dry-run",
            r#"echo '{"change":"user","user_id":7,"name":"Li Lei"}' | usher apply -"#,
        ],
    },
    CommandTexts {
        path: "token",
        chinese: "签发、列出与撤销令牌。",
        examples: &["usher token list"],
    },
    CommandTexts {
        path: "token issue",
        chinese: "签发令牌，并仅将其打印到标准输出。令牌只显示这一次。",
        examples: &[
            "usher token issue --administrator --scope app_engine:seat_activities:read",
            "usher token issue --service --expires-in 30d",
            "usher token issue --operator --expires-in 30d",
            "usher token issue --user 7 --scope app_engine:seat_activities:read --tenant acme",
        ],
    },
    CommandTexts {
        path: "token list",
        chinese: "列出当前有效的令牌。令牌本身无处可取。",
        examples: &["usher token list", "usher token list --tenant acme --json"],
    },
    CommandTexts {
        path: "token revoke",
        chinese: "撤销令牌，立即失效。",
        examples: &["usher token revoke 0123456789abcdef"],
    },
    CommandTexts {
        path: "user",
        chinese: "管理用户。",
        examples: &["usher user link"],
    },
    CommandTexts {
        path: "user link",
        chinese: "生成一次性链接（30 分钟内有效），供用户设置密码，并仅将其打印到标准输出。",
        examples: &["usher user link", "usher user link alice --tenant acme"],
    },
    CommandTexts {
        path: "identity-provider",
        chinese: "让成员通过企业自己的身份提供方登录。",
        examples: &["usher identity-provider show"],
    },
    CommandTexts {
        path: "identity-provider set",
        chinese: "设置租户的身份提供方。客户端密钥从标准输入或文件读取。",
        examples: &[
            "usher identity-provider set --issuer https://login.example.com --client-id usher --name Example < secret.txt",
            "usher identity-provider set --tenant acme --issuer https://login.example.com --client-id usher --client-secret-file secret.txt",
        ],
    },
    CommandTexts {
        path: "identity-provider show",
        chinese: "显示租户的身份提供方，不含密钥。",
        examples: &["usher identity-provider show --tenant acme --json"],
    },
    CommandTexts {
        path: "identity-provider remove",
        chinese: "移除租户的身份提供方及其全部关联。",
        examples: &["usher identity-provider remove --tenant acme"],
    },
    CommandTexts {
        path: "identity-provider link",
        chinese: "将用户与其在身份提供方的账号关联。",
        examples: &["usher identity-provider link alice 248289761001 --tenant acme"],
    },
    CommandTexts {
        path: "identity-provider unlink",
        chinese: "移除用户的关联。",
        examples: &["usher identity-provider unlink alice --tenant acme"],
    },
    CommandTexts {
        path: "login",
        chinese: "用浏览器登录服务器，并为之后的命令保存令牌。",
        examples: &[
            "usher login",
            "usher login --server https://usher.example.com",
            "usher login --server https://usher.example.com --ca-file company-ca.pem --no-browser",
            "usher login --scope usher:management,offline_access --wait 2m",
        ],
    },
    CommandTexts {
        path: "whoami",
        chinese: "说明登录者、所在服务器以及令牌的权限。",
        examples: &[
            "usher whoami",
            "usher whoami --server https://usher.example.com --json",
        ],
    },
    CommandTexts {
        path: "logout",
        chinese: "退出登录：归还并忘记令牌。",
        examples: &["usher logout", "usher logout --server https://usher.example.com"],
    },
    CommandTexts {
        path: "config",
        chinese: "查看设置。",
        examples: &["usher config show"],
    },
    CommandTexts {
        path: "config show",
        chinese: "打印每项设置、其值以及值的来源。密钥只显示是否已设置。",
        examples: &[
            "usher config show",
            "usher config show --config /etc/usher.toml --json",
        ],
    },
    CommandTexts {
        path: "completions",
        chinese: "打印用于 shell 命令补全的脚本。",
        examples: &["usher completions bash > /etc/bash_completion.d/usher"],
    },
];

const ARGUMENTS: &[(&str, &str)] = &[
    ("help", "打印帮助。"),
    ("version", "打印版本。"),
    (
        "language",
        "供人阅读的一切文字的语言 [环境变量：USHER_LANGUAGE，否则取自系统区域设置]。",
    ),
    ("json", "凡为人打印文字之处，改为打印 JSON，每行一个对象。"),
    (
        "config",
        "设置文件 [环境变量：USHER_CONFIG；默认：若存在则为 DATA/usher.toml]。",
    ),
    ("data", "数据文件夹 [环境变量：USHER_DATA；默认：./usher-data]。"),
    (
        "serve/data",
        "数据文件夹，缺失时创建 [环境变量：USHER_DATA；默认：./usher-data]。",
    ),
    (
        "store",
        "账本所在：sqlite:PATH 或 postgres://USER@HOST/DATABASE [环境变量：USHER_STORE；默认：数据文件夹中的 usher.db]。",
    ),
    (
        "store_password_file",
        "保存数据库密码的文件 [环境变量：USHER_STORE_PASSWORD_FILE，或用 USHER_STORE_PASSWORD 直接给出密码]。",
    ),
    (
        "store_connections",
        "到数据库的最大连接数，2 至 500 [环境变量：USHER_STORE_CONNECTIONS；默认：16]。",
    ),
    (
        "store_connect_timeout_seconds",
        "数据库的每台服务器应答的最长时间，1 至 3600 [环境变量：USHER_STORE_CONNECT_TIMEOUT_SECONDS；默认：3]。",
    ),
    (
        "store_statement_timeout_seconds",
        "数据库中一条语句的最长执行时间，1 至 3600 [环境变量：USHER_STORE_STATEMENT_TIMEOUT_SECONDS；默认：30]。",
    ),
    (
        "store_lock_timeout_seconds",
        "数据库中一条语句等待锁的最长时间，1 至 3600 [环境变量：USHER_STORE_LOCK_TIMEOUT_SECONDS；默认：10]。",
    ),
    (
        "key_file",
        "保存同一数据库的所有服务器共用密钥（32 字节）的文件 [环境变量：USHER_KEY_FILE；默认：由数据库保存]。",
    ),
    (
        "listen",
        "监听地址；端口 0 表示任取空闲端口 [环境变量：USHER_LISTEN；默认：127.0.0.1:8787]。",
    ),
    (
        "instance",
        "本服务器在共用同一数据库的各服务器中的名称，重启后不变 [环境变量：USHER_INSTANCE；默认：机器名加若干字母]。",
    ),
    (
        "while_store_is_away",
        "数据库不可用期间门的行为：closed（所有人在门外等候）或 spool（近期获准者仍可进入，其访问记录暂存于数据文件夹） [环境变量：USHER_WHILE_STORE_IS_AWAY；默认：closed]。",
    ),
    (
        "spool_seen_within_hours",
        "多少小时以内获准者算作近期获准，1 至 168 [环境变量：USHER_SPOOL_SEEN_WITHIN_HOURS；默认：24]。",
    ),
    (
        "spool_bytes_max",
        "数据文件夹中暂存访问记录的最大字节数，至少 1048576 [环境变量：USHER_SPOOL_BYTES_MAX；默认：67108864]。",
    ),
    (
        "public_origin",
        "网关提供 TLS 时，用户与程序访问本服务器的地址，例如 https://usher.example.com [环境变量：USHER_PUBLIC_ORIGIN；默认：以每个请求所述为准]。",
    ),
    (
        "trusted_proxies",
        "其网关可以指明用户的网段，以逗号分隔 [环境变量：USHER_TRUSTED_PROXIES；默认：127.0.0.0/8,::1/128]。",
    ),
    (
        "user_header",
        "网关用来指明用户的请求头 [环境变量：USHER_USER_HEADER；默认：X-Forwarded-User]。",
    ),
    (
        "gateway_secret_file",
        "保存网关必须发送的密钥的文件 [环境变量：USHER_GATEWAY_SECRET_FILE，或用 USHER_GATEWAY_SECRET 直接给出密钥]。",
    ),
    (
        "metrics_networks",
        "可以读取 /metrics 的网段，以逗号分隔 [环境变量：USHER_METRICS_NETWORKS；默认：127.0.0.0/8,::1/128]。",
    ),
    (
        "log_format",
        "日志的形式：human 或 json [环境变量：USHER_LOG_FORMAT；默认：human]。",
    ),
    (
        "log_level",
        "要记录的最低级别：error、warn、info、debug 或 trace [环境变量：USHER_LOG_LEVEL；默认：info]。",
    ),
    ("import accesses/file", "CSV 文件，- 表示标准输入。"),
    ("create_missing", "创建缺失的用户、应用与席位，然后再次询问门。"),
    (
        "import accesses/seat_type",
        "--create-missing 所创建席位的类型：per_user 或 per_user_per_app [默认：per_user]。",
    ),
    ("tenant", "租户 [默认：default]。"),
    ("apply/tenant", "未指明租户的变更所属的租户 [默认：default]。"),
    ("token list/tenant", "只列出该租户的令牌 [默认：所有租户]。"),
    ("import accesses/dry_run", "检查每一行而不做任何更改；不询问门。"),
    ("apply/dry_run", "检查每一行的格式而不做任何更改。"),
    ("format", "行的形式：csv 或 jsonl（JSON 行）。"),
    (
        "export activities/seat_type",
        "只导出这种席位：per_user 或 per_user_per_app [默认：两种都导出]。",
    ),
    ("apply/file", "变更文件，每行一个 JSON 对象，- 表示标准输入。"),
    ("administrator", "为租户的第一位系统管理员签发用户令牌。"),
    ("user", "为该用户签发用户令牌。"),
    ("user link/user", "用户的登录名或编号 [默认：第一位系统管理员]。"),
    (
        "identity-provider set/issuer",
        "身份提供方的 issuer：https 地址，须与对方书写的完全一致。",
    ),
    (
        "identity-provider set/client_id",
        "身份提供方为本服务器登记的客户端编号。",
    ),
    (
        "identity-provider set/client_secret_file",
        "保存客户端密钥的文件，- 表示标准输入 [默认：-]。",
    ),
    (
        "identity-provider set/name",
        "登录页面上显示的名称 [默认：issuer 的主机名]。",
    ),
    (
        "identity-provider set/name_zh",
        "向中文读者显示的名称 [默认：同上]。",
    ),
    ("identity-provider set/disabled", "暂不允许通过它登录；关联保留。"),
    ("identity-provider link/login", "用户在此处的登录名或编号。"),
    (
        "identity-provider link/subject",
        "身份提供方对该账号的称呼：其 ID 令牌中的 sub。",
    ),
    ("identity-provider unlink/login", "用户在此处的登录名或编号。"),
    (
        "server",
        "服务器，例如 https://usher.example.com [环境变量：USHER_SERVER；默认：已登录的服务器，否则为 http://127.0.0.1:8787]。",
    ),
    (
        "login/client_id",
        "以哪个客户端登录；它须没有密钥，且登记的地址中有 http://127.0.0.1/callback [默认：cli_usher_login]。",
    ),
    (
        "login/scope",
        "所请求的权限，以逗号分隔 [默认：读取席位与应用，并保持登录]。",
    ),
    ("no_browser", "只打印链接，不打开浏览器。"),
    ("wait", "等待您操作的时间，例如 90s 或 15m，最长 1h [默认：10m]。"),
    (
        "ca_file",
        "除系统信任的机构之外，对该服务器另外信任的机构的 PEM 文件。",
    ),
    ("service", "服务令牌：供上报访问的后端使用。"),
    ("scope", "用户授予的权限，以逗号分隔；用户令牌必填。"),
    ("client", "令牌所属的客户端 [默认：内置客户端]。"),
    (
        "expires_in",
        "有效时长，例如 90s、15m、2h 或 30d，最长 400d [默认：2h]。",
    ),
    ("all_tenants", "对所有租户有效的服务令牌。"),
    ("token", "`usher token list` 中的编号，或令牌本身。"),
    ("shell", "shell 的名称。"),
];

/// Every command.
pub(super) fn commands() -> impl Iterator<Item = &'static CommandTexts> {
    let more = manage::COMMANDS.iter().chain(ledger::COMMANDS);
    COMMANDS
        .iter()
        .chain(more)
        .chain(bench::COMMANDS)
        .chain(bulk::COMMANDS)
        .chain(report::COMMANDS)
        .chain(audit::COMMANDS)
        .chain(keeping::COMMANDS)
        .chain(store::COMMANDS)
        .chain(torture::COMMANDS)
}

/// Every argument.
pub(super) fn arguments() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let more = manage::ARGUMENTS.iter().chain(ledger::ARGUMENTS);
    ARGUMENTS
        .iter()
        .chain(more)
        .chain(bench::ARGUMENTS)
        .chain(bulk::ARGUMENTS)
        .chain(report::ARGUMENTS)
        .chain(audit::ARGUMENTS)
        .chain(keeping::ARGUMENTS)
        .chain(store::ARGUMENTS)
        .chain(torture::ARGUMENTS)
}

/// The texts of the command at a path.
pub(super) fn command(path: &str) -> Option<&'static CommandTexts> {
    commands().find(|texts| texts.path == path)
}

/// The Chinese help of an argument of the command at a path.
pub(super) fn argument(path: &str, id: &str) -> Option<&'static str> {
    let own = format!("{path}/{id}");
    let find = |key: &str| arguments().find(|(known, _)| *known == key);
    find(&own).or_else(|| find(id)).map(|(_, chinese)| *chinese)
}
