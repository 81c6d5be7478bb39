//! What is around every page, and what every list has.

texts! {
    /// Around every page.
    Shell {
        tag: "en", "zh-CN";
        other_tag: "zh-CN", "en";
        other_language: "中文", "English";
        skip: "Skip to the content", "跳到正文";
        menu: "Parts of the console", "控制台菜单";
        documentation: "API documentation", "API 文档";
        overview: "Overview", "概览";
        seats: "Seats", "席位";
        pools: "Pools", "席位池";
        people: "People", "人员";
        groups: "Groups", "群组";
        apps: "Apps", "应用";
        gateway: "Gateway", "网关";
        import: "Import", "导入";
        clients: "API clients", "API 客户端";
        audit: "Audit log", "审计日志";
        settings: "Settings", "设置";
        operator: "Operator", "运维人员";
        choose_organisation: "Choose another", "选择其他企业";
        as_of: "Complete up to {0} ({1})", "数据完整至 {0}（{1}）";
        lagging: "Accesses have been waiting to be recorded: everything shown here is complete only up to {0}. Do not act on idle seats now.", "有访问记录尚未写入：此处显示的内容仅完整至 {0}。请暂勿处理闲置席位。";
        spooled: "The database is or was away: {0} rows of accesses wait in a spool and are not counted here yet, the oldest of {1}. Do not act on idle seats until they have been brought in.", "数据库不可用或刚刚恢复：{0} 行访问记录暂存在本地、尚未计入，最早的一条为 {1}。请在写入完成前暂勿处理闲置席位。";
        clock_wrong: "The clock of the server has been set while it ran. Days idle may be wrong; restart Usher once the clock is right.", "服务器时钟在运行期间被调整过，闲置天数可能不准确。请校正时钟后重启 Usher。";
        csv: "Download as CSV", "下载 CSV";
        first_page: "First page", "第一页";
        next_page: "Next page", "下一页";
        filter: "Show", "显示";
        reset: "Clear filters", "清除筛选";
        any: "Any", "不限";
        yes: "Yes", "是";
        no: "No", "否";
        none: "none", "无";
        save: "Save", "保存";
        cancel: "Cancel", "取消";
        as_table: "Show the figures as a table", "以表格显示数据";
        administrators_only_title: "For system administrators", "仅限系统管理员";
        administrators_only: "The console shows who uses what in your organisation, so only its system administrators may open it. You are signed in as {0}, who is none. Ask an administrator of your organisation, or sign in as somebody else.", "控制台显示企业成员的使用情况，仅系统管理员可以打开。您当前登录的 {0} 不是系统管理员。请联系企业管理员，或使用其他账号登录。";
        missing_title: "Nothing here", "未找到";
        missing: "There is no such thing in this organisation, or it is gone.", "该企业中没有此内容，或已被删除。";
        nothing_fits: "Nothing fits these filters.", "没有符合筛选条件的内容。";
        more_behind: "Nothing more was found in this stretch; the next page goes on looking.", "本段中没有更多结果；下一页将继续查找。";
    }
}
