//! The Chinese help and the examples of the commands that manage, and of their arguments.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "tenant",
        chinese: "管理租户：本服务器上的组织。",
        examples: &["usher tenant list"],
    },
    CommandTexts {
        path: "tenant list",
        chinese: "按 tenant_key 顺序列出租户。",
        examples: &["usher tenant list", "usher tenant list --json"],
    },
    CommandTexts {
        path: "tenant show",
        chinese: "查看租户。",
        examples: &["usher tenant show acme"],
    },
    CommandTexts {
        path: "tenant create",
        chinese: "创建租户。",
        examples: &[
            "usher tenant create acme",
            "usher tenant create acme --name Acme --time-zone Asia/Shanghai",
        ],
    },
    CommandTexts {
        path: "tenant update",
        chinese: "修改租户的名称、时区或历史保留天数。",
        examples: &[
            "usher tenant update acme --name Acme",
            "usher tenant update acme --time-zone Europe/Berlin",
            "usher tenant update acme --history-days 800",
        ],
    },
    CommandTexts {
        path: "tenant enable",
        chinese: "重新启用租户。",
        examples: &["usher tenant enable acme"],
    },
    CommandTexts {
        path: "tenant disable",
        chinese: "停用租户，其一切立即失效。",
        examples: &["usher tenant disable acme"],
    },
    CommandTexts {
        path: "user list",
        chinese: "按编号顺序列出用户，或按文字查找。",
        examples: &[
            "usher user list",
            "usher user list --search anna",
            "usher user list --tenant acme --json",
        ],
    },
    CommandTexts {
        path: "user show",
        chinese: "查看用户。",
        examples: &["usher user show 7"],
    },
    CommandTexts {
        path: "user create",
        chinese: "创建用户。",
        examples: &[
            "usher user create Lei --external-id lei@example.com",
            "usher user create Mei --number 7 --system-administrator --tenant acme",
        ],
    },
    CommandTexts {
        path: "user update",
        chinese: "修改用户。",
        examples: &[
            "usher user update 7 --name Lei",
            "usher user update 7 --system-administrator true",
        ],
    },
    CommandTexts {
        path: "user enable",
        chinese: "重新允许用户进入。",
        examples: &["usher user enable 7"],
    },
    CommandTexts {
        path: "user disable",
        chinese: "立即禁止用户进入。",
        examples: &["usher user disable 7"],
    },
    CommandTexts {
        path: "user delete",
        chinese: "删除用户及其席位、会话、令牌与授权；其活动记录保留。",
        examples: &["usher user delete 7"],
    },
    CommandTexts {
        path: "user remove-second-factor",
        chinese: "移除丢失的第二因素。",
        examples: &["usher user remove-second-factor 7"],
    },
    CommandTexts {
        path: "app",
        chinese: "管理应用：人们打开什么，以及网关在何处提供它。",
        examples: &["usher app list"],
    },
    CommandTexts {
        path: "app list",
        chinese: "按命名空间顺序列出应用。",
        examples: &["usher app list --tenant acme"],
    },
    CommandTexts {
        path: "app show",
        chinese: "查看应用。",
        examples: &["usher app show crm"],
    },
    CommandTexts {
        path: "app create",
        chinese: "创建应用。",
        examples: &["usher app create crm --name CRM --name-in zh-CN=客户管理 --route crm.example.com"],
    },
    CommandTexts {
        path: "app update",
        chinese: "修改应用。",
        examples: &[
            "usher app update crm --name-in zh-CN=客户管理 --name-in de=Kundenpflege",
            "usher app update crm --route www.example.com/crm",
            "usher app update crm --no-routes",
        ],
    },
    CommandTexts {
        path: "app enable",
        chinese: "重新启用应用。",
        examples: &["usher app enable crm"],
    },
    CommandTexts {
        path: "app disable",
        chinese: "停用应用，无人可以打开。",
        examples: &["usher app disable crm"],
    },
    CommandTexts {
        path: "client",
        chinese: "管理客户端：调用接口的程序。",
        examples: &["usher client list"],
    },
    CommandTexts {
        path: "client list",
        chinese: "按编号顺序列出租户自己的客户端。",
        examples: &["usher client list"],
    },
    CommandTexts {
        path: "client show",
        chinese: "查看客户端。",
        examples: &["usher client show cli_0123456789abcdef"],
    },
    CommandTexts {
        path: "client create",
        chinese: "创建客户端并打印其编号与密钥。密钥只显示这一次。",
        examples: &[
            "usher client create Report --open app_engine:seat_activities:read --redirect-uri https://report.example.com/callback",
            "usher client create Everywhere --installable",
        ],
    },
    CommandTexts {
        path: "client update",
        chinese: "修改客户端。",
        examples: &["usher client update cli_0123456789abcdef --open app_engine:seat_activities:read"],
    },
    CommandTexts {
        path: "client enable",
        chinese: "重新启用客户端。",
        examples: &["usher client enable cli_0123456789abcdef"],
    },
    CommandTexts {
        path: "client disable",
        chinese: "停用客户端，其令牌立即失效。",
        examples: &["usher client disable cli_0123456789abcdef"],
    },
    CommandTexts {
        path: "client rotate-secret",
        chinese: "生成新密钥，并仅将其打印到标准输出。旧密钥在一段时间内仍有效。",
        examples: &["usher client rotate-secret cli_0123456789abcdef --overlap 1h"],
    },
    CommandTexts {
        path: "client install",
        chinese: "允许商店客户端在租户中行事。",
        examples: &["usher client install cli_0123456789abcdef --tenant acme"],
    },
    CommandTexts {
        path: "client uninstall",
        chinese: "终止该许可；客户端在该租户的令牌立即失效。",
        examples: &["usher client uninstall cli_0123456789abcdef --tenant acme"],
    },
    CommandTexts {
        path: "client installed",
        chinese: "列出租户已安装的商店客户端。",
        examples: &["usher client installed --tenant acme"],
    },
];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("operator", "运营者令牌：供通过接口管理租户者使用。"),
    ("tenant_key", "租户的 tenant_key。"),
    ("search", "只列出姓名中某个词或登录名以此开头、或编号为此的用户。"),
    ("name", "供人阅读的名称。"),
    (
        "time_zone",
        "租户的时区，决定一天从何时开始，例如 Asia/Shanghai。",
    ),
    (
        "history_days",
        "谁在何日活跃的记录保留多少天，31 至 36500；all 表示一直保留。更早的记录将被删除。",
    ),
    (
        "tenant create/time_zone",
        "租户的时区，决定一天从何时开始，例如 Asia/Shanghai [默认：UTC]。",
    ),
    ("name_in", "某种语言的名称，例如 zh-CN=销售；可重复。"),
    (
        "app update/name_in",
        "某种语言的名称，例如 zh-CN=销售；zh-CN= 表示移除；可重复。",
    ),
    ("user_id", "用户编号。"),
    ("person_name", "用户姓名。"),
    ("number", "用户编号 [默认：抽取一个空闲编号]。"),
    ("external_id", "用户的登录名。"),
    ("user update/external_id", "用户的登录名；空文本表示移除。"),
    ("user create/system_administrator", "设为系统管理员。"),
    (
        "user update/system_administrator",
        "是否系统管理员：true 或 false。",
    ),
    ("namespace", "应用的命名空间。"),
    (
        "route",
        "网关在何处提供该应用，例如 crm.example.com 或 www.example.com/crm；可重复。",
    ),
    (
        "app update/route",
        "网关在何处提供该应用；可重复。该应用的其他路由将被移除。",
    ),
    ("no_routes", "移除该应用的所有路由。"),
    ("client_id", "客户端编号。"),
    ("client_name", "客户端名称。"),
    ("installable", "商店客户端，其他租户可以安装。"),
    ("open", "开通的权限，以逗号分隔。"),
    ("client update/open", "开通的权限，以逗号分隔；其余权限将关闭。"),
    ("redirect_uri", "授权后返回的地址；可重复。"),
    (
        "client update/redirect_uri",
        "授权后返回的地址；可重复。其余地址将被移除。",
    ),
    (
        "overlap",
        "旧密钥继续有效的时长，例如 0s、1h 或 7d，最长 30d [默认：1d]。",
    ),
];
