//! Why a ledger was not opened, in words, with what to do about it.

use std::path::Path;

use usher_postgres::DatabaseAddress;

use super::Obstacle;
use crate::{failure::Failure, output::Exit, words};

/// Why a file was not opened.
pub(crate) fn of_file(path: &Path, error: usher_sqlite::OpenError) -> Obstacle {
    use usher_sqlite::OpenError as E;
    let path = path.display();
    Obstacle::Failure(match error {
        E::Held(holder) => return Obstacle::Held(holder),
        E::NewerSchema { found, known } => Failure::failed(words!(
            "the store in {path} was written by a newer Usher (schema {found}; this one knows {known}); use a newer Usher",
            "{path} 中的存储由更新版本的 Usher 写入（结构版本 {found}，本程序支持到 {known}）；请使用更新的 Usher"
        ))
        .next(words!("usher --version", "usher --version")),
        E::NotAStore => Failure::failed(words!(
            "{path} is a file of another program; name another data folder",
            "{path} 是其他程序的文件；请指定另一个数据文件夹"
        ))
        .next(words!("usher serve --data ./usher-data", "usher serve --data ./usher-data")),
        E::BeingCopied { source_address } => Failure::failed(words!(
            "{path} holds the beginning of a copy of {source_address}; let the copy end first",
            "{path} 中是 {source_address} 尚未完成的副本；请先完成复制"
        ))
        .next(words!("usher store copy --help", "usher store copy --help")),
        E::Folder(error) => Failure::failed(words!("cannot use {path}: {error}", "无法使用 {path}：{error}")),
        E::File(error) => Failure::failed(words!(
            "the store in {path} cannot be read: {error}",
            "无法读取 {path} 中的存储：{error}"
        )),
    })
}

/// Why a database was not opened. What a server says of itself is shown as it says it.
pub(crate) fn of_database(address: &DatabaseAddress, error: &usher_postgres::OpenError) -> Failure {
    use usher_postgres::OpenError as E;
    match error {
        E::Unreachable(reason) => Failure::new(
            Exit::Unavailable,
            words!(
                "no server answers at {address} ({reason}); start PostgreSQL, or mend host and port",
                "{address} 没有服务器应答（{reason}）；请启动 PostgreSQL，或更正主机与端口"
            ),
        ),
        E::LoginRefused(reason) => Failure::failed(words!(
            "PostgreSQL does not let Usher in at {address} ({reason}); mend the user, or put the password into USHER_STORE_PASSWORD or a file for --store-password-file",
            "PostgreSQL 拒绝 Usher 登录 {address}（{reason}）；请更正用户，或将密码放入 USHER_STORE_PASSWORD，或放入文件并用 --store-password-file 指明"
        )),
        E::DatabaseMissing(reason) => Failure::failed(words!(
            "the database of {address} is not there ({reason}); make it first",
            "{address} 的数据库不存在（{reason}）；请先创建"
        ))
        .next(words!("createdb DATABASE", "createdb DATABASE")),
        E::TlsNotOffered => Failure::failed(words!(
            "the server at {address} offers no TLS; set it up there, or, where nobody else can listen on the way, add sslmode=disable to the address",
            "{address} 的服务器不提供 TLS；请在服务器上启用，或者在无人能够监听的网络中为地址添加 sslmode=disable"
        )),
        E::CertificateRefused(reason) => Failure::failed(words!(
            "the certificate of the server at {address} is not accepted ({reason}); call the server by the name in its certificate, and name its authority with sslrootcert=FILE in the address",
            "不接受 {address} 服务器的证书（{reason}）；请使用证书中的名称访问服务器，并在地址中用 sslrootcert=FILE 指明其颁发机构"
        )),
        E::BeingCopied { source_address } => Failure::failed(words!(
            "{address} holds the beginning of a copy of {source_address}; let the copy end first",
            "{address} 中是 {source_address} 尚未完成的副本；请先完成复制"
        ))
        .next(words!("usher store copy --help", "usher store copy --help")),
        E::NotAStore => Failure::failed(words!(
            "the database at {address} holds no ledger",
            "{address} 的数据库中没有账本"
        )),
        E::InUse { instance } => Failure::failed(words!(
            "the instance {instance} works on {address}, or may still have accesses for it; stop every instance first (retire one that will not come back)",
            "实例 {instance} 正在使用 {address}，或仍可能持有待写入的访问；请先停止所有实例（不再返回的实例请予退役）"
        )),
        E::Address(_) | E::Tls(_) | E::Pool(_) | E::Database(_) => Failure::failed(words!(
            "the database at {address} cannot be used: {error}",
            "无法使用 {address} 的数据库：{error}"
        )),
    }
}
