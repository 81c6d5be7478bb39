//! The Chinese help and the examples of every command.
//!
//! Keys are the path of a command below `usher` (`token issue`, the program itself is the empty path); arguments
//! are keyed by their id, alone when it means the same everywhere, with the command's path before a slash when a
//! command needs its own text.

/// What the help of a command says beyond its English doc comment.
pub(super) struct CommandTexts {
    pub(super) path: &'static str,
    pub(super) chinese: &'static str,
    pub(super) examples: &'static [&'static str],
}

pub(super) const COMMANDS: &[CommandTexts] = &[
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
        chinese: "导入在别处发生的事情。",
        examples: &["usher import accesses accesses.csv --create-missing"],
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
        examples: &["usher export activities --format csv > activities.csv"],
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

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
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
        "listen",
        "监听地址；端口 0 表示任取空闲端口 [环境变量：USHER_LISTEN；默认：127.0.0.1:8787]。",
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

/// The texts of the command at a path.
pub(super) fn command(path: &str) -> Option<&'static CommandTexts> {
    COMMANDS.iter().find(|texts| texts.path == path)
}

/// The Chinese help of an argument of the command at a path.
pub(super) fn argument(path: &str, id: &str) -> Option<&'static str> {
    let own = format!("{path}/{id}");
    let find = |key: &str| ARGUMENTS.iter().find(|(known, _)| *known == key);
    find(&own).or_else(|| find(id)).map(|(_, chinese)| *chinese)
}
