//! Tables in and out, with a server and without one.
//!
//! - `lines`: what becomes of single lines
//! - `again`: repeated, tried only, or cut off
//! - `round_trip`: what goes out comes in again
//! - `size`: large tables in little memory

mod again;
mod lines;
mod round_trip;
mod size;

use serde_json::Value;

use crate::program::Site;

/// A table as somebody in an office keeps it.
pub(crate) const ENGLISH: &str = "\u{feff}Name,E-mail,Seat type,Application,Start date,Expiry date,Department,Remarks\r\n\
     Li Lei,li.lei@example.com,Platform seat,-,2026-01-05,2030-12-31,sales,\"asked\r\nby phone\"\r\n\
     Han Meimei,han@example.com,App seat,crm,2026/2/1,never,sales,\r\n\
     \"O'Brien, Pat\",pat@example.com,per_user_per_app,crm,,,support,=1+1\r\n\
     ,,,,,,,\r\n";

/// Another, in Chinese, with the separators of another program.
pub(crate) const CHINESE: &str = "工号;姓名;邮箱;席位类型;应用;开始;到期;部门;备注\n\
     7;李雷;li.lei@example.com;平台席位;;2026年1月5日;2030/12/31;销售部;电话申请\n\
     '8;韩梅梅;;应用席位;crm;2026-02-01;永久;销售部;\n\
     9;\"魏; 华\";;应用席位;crm;;;客服部;\n";

/// Runs an import with `--json`; gives how it ended, its summary without its duration, and what it said of lines.
pub(crate) fn import(site: &Site, kind: &str, table: &str, more: &[&str]) -> (i32, Value, Vec<Value>) {
    import_bytes(site, kind, table.as_bytes(), more)
}

/// The same with a table that need not be UTF-8.
pub(crate) fn import_bytes(site: &Site, kind: &str, table: &[u8], more: &[&str]) -> (i32, Value, Vec<Value>) {
    let file = site.beside("table.csv");
    std::fs::write(&file, table).unwrap();
    let mut arguments = vec!["import", kind, &file, "--json"];
    arguments.extend(more);
    let ended = site.usher(&arguments);
    let said = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    let said: Vec<Value> = said.collect();
    if ended.stdout.is_empty() {
        return (ended.code, Value::Null, said);
    }
    let mut summary = ended.json();
    summary.as_object_mut().unwrap().remove("seconds");
    (ended.code, summary, said)
}

/// What an export prints.
pub(crate) fn export(site: &Site, kind: &str) -> String {
    site.usher(&["export", kind]).done()
}

/// Some columns of an exported table, without its header.
pub(crate) fn columns(table: &str, wanted: &[&str]) -> Vec<Vec<String>> {
    let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let places: Vec<usize> = wanted
        .iter()
        .map(|wanted| header.iter().position(|column| column == wanted).unwrap())
        .collect();
    rows.map(|row| places.iter().map(|place| row[*place].to_owned()).collect())
        .collect()
}

/// The numbers of some counts in a summary.
pub(crate) fn counts<const N: usize>(summary: &Value, names: [&str; N]) -> [i64; N] {
    names.map(|name| {
        summary[name]
            .as_i64()
            .unwrap_or_else(|| panic!("{name}: {summary}"))
    })
}
