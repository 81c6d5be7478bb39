//! What came out, as people read it: a table, what is compared with what, and a conclusion where there is one.

use super::report::{
    BARE, Comparison, Counted, Figures, FirstVisits, Import, Memory, POSTGRES, Pages, REDIS, Report, Start,
    SystemCalls, Told, Written,
};
use crate::{language::Words, words};

impl Report {
    /// All of it.
    pub(crate) fn words(&self) -> Words {
        let Self {
            seats,
            processors,
            slices,
            slice_ms,
            ..
        } = self;
        let mut words = words!(
            "{seats} seats, {processors} processors, which the callers share; {slices} slices of {slice_ms} ms of each, taking turns; medians",
            "{seats} 个席位，{processors} 个处理器（调用者共用）；每项 {slices} 段，每段 {slice_ms} 毫秒，轮流进行；取中位数"
        );
        let parts = [
            accesses(&self.accesses),
            self.first_visits.map_or_else(Vec::new, first_visits),
            self.pages.as_ref().map_or_else(Vec::new, pages),
            self.import.map_or_else(Vec::new, import),
            starts(self.start_empty, self.start_filled),
            self.memory.map_or_else(Vec::new, memory),
            counted(self),
            conclusions(self),
        ];
        for line in parts.iter().flatten() {
            words = words.line(line);
        }
        words
    }
}

fn accesses(all: &[Figures]) -> Vec<Words> {
    let mut lines = vec![words!(
        "\nDurable accesses, one request in flight per connection:\n  connections  per second  (middle half of slices)   p50 µs   p90 µs   p99 µs  p99.9 µs  longest µs",
        "\n持久访问，每个连接同时一个请求：\n       连接数    每秒次数        （中间一半的段）   p50 µs   p90 µs   p99 µs  p99.9 µs     最长 µs"
    )];
    lines.extend(all.iter().map(row));
    lines
}

/// A line of figures, which is the same in both languages.
fn row(figures: &Figures) -> Words {
    let (median, from, to) = rate(figures.per_second);
    Words::same(format!(
        "  {:>11}  {median:>10.0}  {:>23}  {:>7}  {:>7}  {:>7}  {:>8}  {:>10}",
        figures.connections,
        format!("({from:.0} to {to:.0})"),
        figures.p50_us,
        figures.p90_us,
        figures.p99_us,
        figures.p999_us,
        figures.longest_us,
    ))
}

fn first_visits(first: FirstVisits) -> Vec<Words> {
    let FirstVisits {
        connections,
        good,
        per_second,
        p50_us,
        p99_us,
        ..
    } = first;
    vec![words!(
        "Before that, everybody once after the start, when nobody is remembered yet: {good} accesses over {connections} connections, {per_second:.0} per second, p50 {p50_us} µs, p99 {p99_us} µs",
        "此前，启动后每人各来一次（尚未记住任何人）：{connections} 个连接共 {good} 次访问，每秒 {per_second:.0} 次，p50 {p50_us} µs，p99 {p99_us} µs"
    )]
}

fn rate(told: Option<Told>) -> (f64, f64, f64) {
    told.map_or((0.0, 0.0, 0.0), |told| {
        (told.median, told.lower_quarter, told.upper_quarter)
    })
}

fn pages(pages: &Pages) -> Vec<Words> {
    let rows = pages.rows;
    let of = |figures: &Figures| {
        let (median, from, to) = rate(figures.per_second);
        format!(
            "{median:.0} ({from:.0} to {to:.0}), p50 {} µs, p99 {} µs",
            figures.p50_us, figures.p99_us
        )
    };
    let (first, last) = (of(&pages.first), of(&pages.last));
    let refused = pages.first.bad + pages.last.bad;
    let mut lines = vec![words!(
        "\nPages of {rows} rows per second:\n  at the beginning  {first}\n  at the end        {last}",
        "\n每秒分页数（每页 {rows} 行）：\n  列表开头  {first}\n  列表末尾  {last}"
    )];
    if refused > 0 {
        lines.push(words!(
            "  {refused} were refused because of the limit on questions; the server could do more",
            "  {refused} 次因请求限速被拒绝；服务器本可处理更多"
        ));
    }
    lines
}

fn import(import: Import) -> Vec<Words> {
    let Import {
        rows,
        making_missing_per_second: making,
        known_per_second: known,
    } = import;
    vec![words!(
        "\nImport of {rows} rows, once: {making:.0} per second with a user and a seat made for each, {known:.0} of people who are there",
        "\n导入 {rows} 行（一次）：每行都新建用户与席位时每秒 {making:.0} 行，用户已存在时每秒 {known:.0} 行"
    )]
}

fn starts(empty: Option<Start>, filled: Option<Start>) -> Vec<Words> {
    let (Some(empty), Some(filled)) = (empty, filled) else {
        return Vec::new();
    };
    let told = |start: Start| {
        let processor = start
            .processor_ms
            .map_or_else(|| "?".to_owned(), |ms| ms.to_string());
        format!("{:.0} ms ({processor} ms CPU)", start.took_ms)
    };
    let (empty, filled) = (told(empty), told(filled));
    vec![words!(
        "Ready after {empty} with an empty folder, {filled} with this one",
        "启动就绪：空文件夹 {empty}，本文件夹 {filled}"
    )]
}

fn memory(memory: Memory) -> Vec<Words> {
    let told =
        |bytes: Option<u64>| bytes.map_or_else(|| "?".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
    let (ready, loaded, most) = (
        told(memory.ready_bytes),
        told(memory.loaded_bytes),
        told(memory.most_bytes),
    );
    let mut words = words!(
        "Memory: {ready} when ready, {loaded} after all this, {most} at most",
        "内存：就绪时 {ready}，全部测量之后 {loaded}，最多 {most}"
    );
    if memory.most_bytes_per_million_seats.is_some() {
        let million = told(memory.most_bytes_per_million_seats);
        words = words.then(&words!(
            " ({million} per million seats, if it were all theirs)",
            "（若全部归于席位，则每百万席位 {million}）"
        ));
    }
    vec![words]
}

fn counted(report: &Report) -> Vec<Words> {
    let mut lines = vec![words!("\nPer access:", "\n每次访问：")];
    lines.push(match &report.written {
        Counted::Counted(Written {
            bytes_per_access: bytes,
            accesses_per_batch: batch,
        }) => words!(
            "  {bytes:.0} bytes written to the disk ({batch:.1} accesses per commit)",
            "  写入磁盘 {bytes:.0} 字节（每次提交 {batch:.1} 次访问）"
        ),
        Counted::NotCounted { because } => not_counted(&words!("bytes written", "写入字节"), because),
    });
    lines.push(match &report.system_calls {
        Counted::Counted(SystemCalls {
            per_access,
            forced_writes_per_batch: forced,
            accesses_per_batch: batch,
        }) => words!(
            "  {per_access:.1} system calls; {forced:.2} forced writes per commit of {batch:.1} accesses (both while strace looks on)",
            "  系统调用 {per_access:.1} 次；每次提交（{batch:.1} 次访问）强制写盘 {forced:.2} 次（均在 strace 之下）"
        ),
        Counted::NotCounted { because } => not_counted(&words!("system calls and forced writes", "系统调用与强制写盘"), because),
    });
    lines.push(match &report.allocations {
        Counted::Counted(blocks) => words!("  {blocks:.1} allocations", "  内存分配 {blocks:.1} 次"),
        Counted::NotCounted { because } => not_counted(&words!("allocations", "内存分配"), because),
    });
    lines
}

fn not_counted(what: &Words, because: &Words) -> Words {
    words!("  ", "  ")
        .then(what)
        .then(&words!(": not counted, ", "：未统计，"))
        .then(because)
}

fn conclusions(report: &Report) -> Vec<Words> {
    let mut lines = vec![words!(
        "\nCompared in the same minutes, slice by slice, by the same callers with as many connections:",
        "\n在同一时段逐段比较，由相同的调用者以同样多的连接进行："
    )];
    lines.extend(
        report
            .comparisons
            .iter()
            .map(|one| conclusion(&with(one.with), one)),
    );
    if let Some(pages) = &report.pages {
        let what = words!(
            "pages at the end, to pages at the beginning",
            "列表末尾的分页，对列表开头的分页"
        );
        lines.push(conclusion(&what, &pages.last_to_first));
    }
    lines
}

/// What accesses are compared with.
fn with(name: &str) -> Words {
    match name {
        BARE => words!(
            "accesses, to empty answers of a bare hyper server with as many bytes",
            "访问，对 hyper 裸服务器同样字节数的空应答"
        ),
        REDIS => words!(
            "accesses, to check-and-set in Redis as it was set up",
            "访问，对按其配置运行的 Redis 的检查并设置"
        ),
        POSTGRES => words!(
            "accesses, to one upsert each in PostgreSQL",
            "访问，对 PostgreSQL 中每次一条 upsert"
        ),
        other => Words::same(other),
    }
}

/// A ratio, or that there is none: a median of slices that lie far apart says nothing.
fn conclusion(what: &Words, comparison: &Comparison) -> Words {
    let beginning = words!("  ", "  ").then(what);
    let Some(Told {
        median,
        lower_quarter,
        upper_quarter,
        least,
        greatest,
        slices,
    }) = comparison.ratio
    else {
        return beginning.then(&words!(": nothing was measured", "：未测得任何数据"));
    };
    if comparison.steady {
        return beginning.then(&words!(
            ": {median:.3} (middle half {lower_quarter:.3} to {upper_quarter:.3}, all {least:.3} to {greatest:.3})",
            "：{median:.3}（中间一半 {lower_quarter:.3} 至 {upper_quarter:.3}，全部 {least:.3} 至 {greatest:.3}）"
        ));
    }
    beginning.then(&words!(
        ": no conclusion. The {slices} ratios lie too far apart or are too few (middle half {lower_quarter:.3} to {upper_quarter:.3}, all {least:.3} to {greatest:.3}): something else is at work on this machine",
        "：不作结论。{slices} 个比值相差过大或过少（中间一半 {lower_quarter:.3} 至 {upper_quarter:.3}，全部 {least:.3} 至 {greatest:.3}）：本机上另有负载"
    ))
}
