//! Words of the ledger, and why it refuses something.

texts! {
    /// Words of the ledger.
    Words {
        platform_seat: "Platform seat", "平台席位";
        app_seat: "App seat", "应用席位";
        protected: "Protected", "受保护";
        on_leave: "On leave", "休假中";
        new: "New", "新分配";
        redundant: "Redundant", "重复";
        never_used: "Never used", "从未使用";
        idle: "Idle", "闲置";
        in_use: "In use", "使用中";
        protected_why: "Somebody said that this seat is to stay, so idleness does not matter.", "已设置保护，不因闲置而收回。";
        on_leave_why: "The holder is on leave now. Days on leave do not count as idle.", "持有人正在休假，休假天数不计入闲置。";
        new_why: "The seat was given only lately, less than {0} days ago.", "席位刚分配不久，未满 {0} 天。";
        redundant_why: "A platform seat admits the same person to every app, so this app seat is not needed.", "该人员的平台席位已可进入所有应用，此应用席位并无必要。";
        never_used_why: "Nobody ever came through this seat, and it is no longer new.", "席位已非新分配，但从未被使用。";
        idle_why: "Nobody came through this seat for {0} days or more.", "已有 {0} 天以上无人通过此席位访问。";
        in_use_why: "Somebody came through this seat in the last {0} days.", "最近 {0} 天内有人通过此席位访问。";
        released: "Released", "已释放";
        expired: "Run out", "已到期";
        held: "Held", "已分配";
        enabled: "On", "启用";
        disabled: "Off", "停用";
        administrator: "System administrator", "系统管理员";
        member: "Member", "成员";
        days: "days", "天";
        a_month: "a month", "每月";
        a_year: "a year", "每年";

        object_tenant: "Organisation", "企业";
        object_user: "Person", "人员";
        object_app: "App", "应用";
        object_client: "API client", "API 客户端";
        object_token: "Token", "令牌";
        object_sign_in: "Sign-in", "登录";
        object_seat: "Seat", "席位";
        object_pool: "Pool", "席位池";
        object_waiting_place: "Place in line", "排队位置";
        object_group: "Group", "群组";
        object_setting: "Setting", "设置";

        refused_tenant_unknown: "The organisation does not exist.", "企业不存在。";
        refused_user_unknown: "There is no person with this number.", "没有该编号的人员。";
        refused_app_unknown: "There is no such app.", "没有该应用。";
        refused_client_unknown: "There is no such client.", "没有该客户端。";
        refused_group_unknown: "There is no such group.", "没有该群组。";
        refused_taken: "This name or number is taken already.", "该名称或编号已被占用。";
        refused_route_taken: "Another app already answers at this host and path.", "该主机和路径已属于另一个应用。";
        refused_pool_exhausted: "No seat is free in the pool. Buy more, or release some.", "席位池已无空闲席位。请增加购买数量或先释放部分席位。";
        refused_pool_too_small: "More seats are held than would be bought. Release some first, or tick “Allow fewer than are held”.", "已分配的席位多于拟购买数量。请先释放部分席位，或勾选“允许少于已分配的数量”。";
        refused_pool_never_valid: "The end must be later than the beginning.", "结束时间必须晚于开始时间。";
        refused_not_in_use: "The seat is not held any more.", "席位已释放或已到期。";
        refused_held: "The other person holds a seat of this pool already.", "对方已持有该席位池的席位。";
        refused_not_kept: "The seat is not kept for its former holder any more.", "席位已不再为原持有人保留。";
        refused_protected: "The seat is protected.", "席位受保护。";
        refused_used: "Somebody came through the seat meanwhile, so it stays.", "期间席位被使用，因此保留。";
        refused_end_past: "The end of a seat must lie in the future.", "席位的到期时间必须在将来。";
        refused_leave: "A leave must end later than it begins, and a person can have 100 of them.", "休假的结束必须晚于开始，且每人最多 100 条。";
        refused_other: "It does not fit any more: somebody has changed it meanwhile. Load the page again.", "内容已被他人更改，请重新加载页面。";

        allowed_user: "A whole number from 1 to 9007199254740991.", "1 到 9007199254740991 之间的整数。";
        allowed_name: "1 to 256 characters.", "1 到 256 个字符。";
        allowed_external_id: "1 to 129 characters without spaces.", "1 到 129 个字符，不含空格。";
        allowed_namespace: "1 to 128 letters, digits, dots, hyphens and underscores.", "1 到 128 个字母、数字、点、连字符或下划线。";
        allowed_group_key: "1 to 64 letters, digits, dots, hyphens and underscores.", "1 到 64 个字母、数字、点、连字符或下划线。";
        allowed_currency: "Three letters of ISO 4217, such as CNY.", "ISO 4217 的三个字母，例如 CNY。";
        allowed_amount: "An amount such as 30 or 29.90, with no more decimals than the currency has.", "金额，例如 30 或 29.90，小数位数不超过该货币的位数。";
        allowed_number: "A whole number, 0 or more.", "不小于 0 的整数。";
        allowed_date: "A date such as 2026-11-22.", "日期，例如 2026-11-22。";
        allowed_time_zone: "The name of a time zone, such as Asia/Shanghai or Europe/Berlin.", "时区名称，例如 Asia/Shanghai 或 Europe/Berlin。";
        allowed_days: "A whole number of days from {0} to {1}, or empty.", "{0} 到 {1} 之间的整数天数，或留空。";
        allowed_host: "A host name without a scheme or a port, such as crm.example.com, and a path that begins with a slash.", "不含协议和端口的主机名，例如 crm.example.com；路径以斜杠开头。";
        wrong_field: "{0}: {1} Nothing was changed.", "{0}：{1}未更改任何内容。";
    }
}
