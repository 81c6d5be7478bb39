//! What `usher doctor` says of each check and each fault.

use usher_sqlite::{Check, Fault};
use usher_store::audit::AuditFault;

use crate::{language::Words, moments, words};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What a check found in order.
pub(super) fn whole(check: Check, looked_at: u64) -> Words {
    match check {
        Check::Log => words!("the log is whole: {looked_at} frames", "日志完整：{looked_at} 帧"),
        Check::Pages => words!(
            "{looked_at} pages are as they were written",
            "{looked_at} 页均与写入时一致"
        ),
        Check::Structure => words!(
            "{looked_at} pages fit together, by SQLite's own account",
            "SQLite 自检：{looked_at} 页结构完整"
        ),
        Check::References => words!("every row refers to rows that are there", "各行引用的行均存在"),
        Check::Schema => words!(
            "{looked_at} tables, indexes and triggers are Usher's",
            "{looked_at} 个表、索引与触发器均为 Usher 所建"
        ),
        Check::Journals => words!(
            "the journals hold {looked_at} accesses, all readable",
            "日志区有 {looked_at} 次访问，均可读取"
        ),
        Check::Pools => words!(
            "{looked_at} pools count the seats that are in use",
            "{looked_at} 个席位池的计数与实际一致"
        ),
        Check::Tallies => words!(
            "{looked_at} counts by day are those of the seats",
            "{looked_at} 项按日计数与席位一致"
        ),
        Check::Keys => words!(
            "{looked_at} people are found by their names",
            "{looked_at} 人均可按姓名找到"
        ),
        Check::Days => words!(
            "{looked_at} sets of active people can be read",
            "{looked_at} 个活跃人员集合可读取"
        ),
        Check::AuditLogs => words!(
            "{looked_at} audit records follow from one another",
            "{looked_at} 条审计记录前后衔接"
        ),
    }
}

/// A fault in words.
pub(super) fn fault(fault: &Fault) -> Words {
    match fault {
        Fault::Said(said) => Words::same(said.clone()),
        Fault::LogBroken { frame, transactions } => words!(
            "the log cannot be read from frame {frame} on, though {transactions} transactions were written after it: without a power cut before, they are lost",
            "日志自第 {frame} 帧起无法读取，但其后还写入了 {transactions} 个事务：若此前没有断电，则这些事务已丢失"
        ),
        Fault::LogWithoutHead => words!(
            "the log has lost its beginning; what it held is lost",
            "日志已失去开头；其中内容已丢失"
        ),
        Fault::LogTorn => words!(
            "the log ends with a transaction that cannot be read, as after a power cut",
            "日志末尾有一个无法读取的事务，如断电后所见"
        ),
        Fault::Page(page) => words!(
            "page {page} is not as it was written",
            "第 {page} 页与写入时不一致"
        ),
        Fault::PageSum(page) => words!(
            "the checksum of page {page} is damaged; the page may be whole",
            "第 {page} 页的校验和已损坏；该页可能完好"
        ),
        Fault::NoPageSums => words!(
            "no checksums of pages are kept yet; the next start makes them",
            "尚无页校验和；下次启动时建立"
        ),
        Fault::Reference { table, to } => words!(
            "a row of {table} refers to one of {to} that is not there",
            "{table} 中有一行引用了 {to} 中不存在的行"
        ),
        Fault::Schema(name) => words!("{name} is not as Usher makes it", "{name} 与 Usher 所建不一致"),
        counted => of_counting(counted),
    }
}

fn of_counting(fault: &Fault) -> Words {
    match fault {
        Fault::Pool {
            tenant_id,
            namespace,
            counted,
            in_use,
            ..
        } => words!(
            "tenant {tenant_id}: the pool \"{namespace}\" counts {counted} seats, {in_use} are in use",
            "租户 {tenant_id}：席位池“{namespace}”计数为 {counted}，实际使用 {in_use}"
        ),
        Fault::Tally {
            tenant_id,
            day,
            counted,
            in_use,
        } => {
            let date = moments::date(day.saturating_mul(DAY_MS));
            words!(
                "tenant {tenant_id}: {counted} seats are counted at {date}, there are {in_use}",
                "租户 {tenant_id}：{date} 计数为 {counted} 个席位，实际为 {in_use}"
            )
        }
        Fault::Key {
            tenant_id,
            user_id: Some(user_id),
        } => words!(
            "tenant {tenant_id}: user {user_id} is not found by their name",
            "租户 {tenant_id}：无法按姓名找到用户 {user_id}"
        ),
        Fault::Key { .. } => words!(
            "somebody is found by a name that nobody has",
            "存在不属于任何人的检索词"
        ),
        Fault::PersonNumber { tenant_id, number } => words!(
            "tenant {tenant_id}: the number {number} is not that of exactly one person",
            "租户 {tenant_id}：编号 {number} 并非恰好属于一人"
        ),
        Fault::DaySet { tenant_id, day } => {
            let date = moments::date(day.saturating_mul(DAY_MS));
            words!(
                "tenant {tenant_id}: who was active on {date} cannot be read",
                "租户 {tenant_id}：无法读取 {date} 的活跃人员"
            )
        }
        Fault::Audit { tenant_id, fault } => of_audit(*tenant_id, fault),
        _ => words!("something else is wrong", "存在其他问题"),
    }
}

fn of_audit(tenant_id: Option<i64>, fault: &AuditFault) -> Words {
    let log = tenant_id.map_or_else(
        || words!("the log of no tenant", "无租户的日志"),
        |tenant_id| words!("the log of tenant {tenant_id}", "租户 {tenant_id} 的日志"),
    );
    let sequence = fault.sequence();
    log.then(&words!(
        " is not whole from record {sequence} on; usher audit verify --all says more",
        "自记录 {sequence} 起不完整；详情见 usher audit verify --all"
    ))
}
