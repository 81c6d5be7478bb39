//! Reports as files.

texts! {
    /// Reports as files.
    Reports {
        idle_title: "Idle seats", "闲置席位";
        idle_lead: "{0} {0|seat fits|seats fit}; the longest idle first.", "共 {0} 个席位符合条件，闲置最久的在前。";
        idle_cut: "The first {0} are listed here. `usher report idle --csv` gives them all.", "此处列出前 {0} 个。使用 `usher report idle --csv` 可获取全部。";
        usage_title: "Active people", "活跃人数";
        usage_lead: "How many people were active, each counted once in every line.", "每行统计期内的活跃人数，每人只计一次。";
        usage_first: "From", "起始日";
        usage_last: "Through", "结束日";
        usage_people: "People active", "活跃人数";
        usage_complete: "Complete", "是否完整";
        usage_unit: "people", "人";
        seats_unit: "seats", "席位数";
        so_far: "so far", "截至目前";
        figures: "Show the figures as a table", "以表格显示数据";
    }
}
