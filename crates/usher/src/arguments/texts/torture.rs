//! The Chinese help and the examples of `usher torture`.

use super::CommandTexts;

pub(super) const COMMANDS: &[CommandTexts] = &[CommandTexts {
    path: "torture",
    chinese: "反复强行终止自己的一台服务器，证明在这块磁盘或这个数据库上已确认的内容无一丢失。",
    examples: &[
        "usher torture",
        "usher torture --rounds 1000 --store /var/lib",
        "usher torture --seed 42 --json",
        "usher torture --rounds 200 --store postgres://usher@db.example.com/usher_torture --store-password-file /etc/usher/password",
    ],
}];

pub(super) const ARGUMENTS: &[(&str, &str)] = &[
    ("torture/rounds", "终止服务器的次数。"),
    (
        "torture/seed",
        "再次抽取相同的选择：谁请求什么，以及何时终止服务器 [默认：新的种子，会打印出来]。",
    ),
    (
        "torture/store",
        "在此文件夹所在的磁盘上新建文件夹，或一个空数据库：postgres://USER@HOST/DATABASE [默认：当前文件夹]。不读取环境变量与设置文件，因为其中指的是使用中的账本。",
    ),
    (
        "torture/store_password_file",
        "保存数据库密码的文件 [环境变量：密码本身可放入 USHER_STORE_PASSWORD]。",
    ),
];
