//! Values of several kinds, more of them than a tuple takes, or sent later.

macro_rules! list {
    ($($value:expr),* $(,)?) => {
        $crate::sql::Listed(&[$(&$value as &(dyn tokio_postgres::types::ToSql + Sync)),*])
    };
}

macro_rules! owned {
    ($($value:expr),* $(,)?) => {
        vec![$(Box::new($value) as $crate::pipeline::OwnedValue),*]
    };
}
