//! The Chinese help and the examples of `usher bench`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[CommandTexts {
    path: "bench",
    chinese: "测量本机上的 Usher：每秒持久访问数、延迟、分页、导入、写入量、内存与启动时间，并与空应答的服务器比较。",
    examples: &[
        "usher bench",
        "usher bench --seats 1000000 --place /var/lib --json",
        "usher bench --redis 127.0.0.1:6379 --postgres postgres@127.0.0.1:5432/bench",
        "usher bench --server 127.0.0.1:8787 --token-file token.txt --people activities.csv",
    ],
}];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    (
        "bench/seats",
        "为测量而建的账本中持有席位的人数，1000 至 10000000。",
    ),
    (
        "bench/connections",
        "同时有多少个调用者，以逗号分隔；每个调用者同时只有一个请求。",
    ),
    ("bench/slices", "每项测量多少次，与其他各项轮流进行，1 至 1000。"),
    ("bench/slice_ms", "每一段持续多久，1 至 600000 毫秒。"),
    (
        "bench/place",
        "在其中建立临时文件夹的文件夹；应位于账本将来所在的磁盘上 [默认：系统的临时文件夹]。",
    ),
    (
        "bench/redis",
        "用于比较的空 Redis，须设为同样持久：--appendonly yes --appendfsync always。写入其中的内容会保留。",
    ),
    (
        "bench/postgres",
        "用于比较的 PostgreSQL 空数据库，其用户不需要密码。将在其中建立并保留表 last_access。",
    ),
    (
        "bench/allocations",
        "同时在 valgrind 下统计内存分配次数：需要几分钟。",
    ),
    (
        "bench/server",
        "改为测量这台服务器。它会记录这些访问：--people 中的人将显示为来过。",
    ),
    ("bench/token_file", "保存该服务器租户的服务令牌的文件。"),
    (
        "bench/people",
        "带有 user_id 与 namespace 两列的表格（CSV），与 usher export activities 的输出相同：谁在哪里获准进入。",
    ),
];
