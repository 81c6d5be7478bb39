//! Values of several kinds, more of them than a tuple takes.

macro_rules! list {
    ($($value:expr),* $(,)?) => {
        $crate::sql::Listed(&[$(&$value as &(dyn tokio_postgres::types::ToSql + Sync)),*])
    };
}
