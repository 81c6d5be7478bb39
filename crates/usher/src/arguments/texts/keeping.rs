//! The Chinese help and the examples of `usher doctor`, `usher backup` and `usher restore`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[
    CommandTexts {
        path: "doctor",
        chinese: "检查一切是否正常：文件夹、文件、磁盘、时钟、服务器；使用 --deep 时检查存储中的每一页与每一项计数。",
        examples: &[
            "usher doctor",
            "usher doctor --deep --json",
            "usher doctor --data /var/lib/usher",
        ],
    },
    CommandTexts {
        path: "backup",
        chinese: "将整个账本写入一个文件，包括其密钥；服务器可继续运行。",
        examples: &[
            "usher backup usher-2026-11-23.backup",
            "usher backup /backups/usher.backup --data /var/lib/usher --json",
        ],
    },
    CommandTexts {
        path: "restore",
        chinese: "将备份恢复到尚无账本的数据文件夹；不会覆盖任何内容。",
        examples: &[
            "usher restore usher-2026-11-23.backup --data ./usher-restored",
            "usher restore /backups/usher.backup --data /var/lib/usher --json",
        ],
    },
];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    (
        "deep",
        "读取全部内容：每一页与其校验和、每一项计数、每一份审计日志。每 GB 需要数秒。",
    ),
    ("backup/file", "要创建的文件；该文件不得已存在。"),
    ("restore/file", "备份文件。"),
];
