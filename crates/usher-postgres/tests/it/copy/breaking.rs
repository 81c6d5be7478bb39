//! A real target whose process ends after so many pages.

use async_trait::async_trait;
use usher_store::{
    StoreError,
    portable::{Mark, Place, Row, Section, Slice, Source, Target},
};

pub(crate) struct Breaking<Inner> {
    pages_left: usize,
    inner: Inner,
}

impl<Inner> Breaking<Inner> {
    pub(crate) fn after(pages_left: usize, inner: Inner) -> Self {
        Self { pages_left, inner }
    }
}

#[async_trait]
impl<Inner: Target> Source for Breaking<Inner> {
    fn address(&self) -> String {
        self.inner.address()
    }

    async fn count(&mut self, section: &'static Section) -> Result<u64, StoreError> {
        self.inner.count(section).await
    }

    async fn read(&mut self, section: &'static Section, from: Option<&Place>) -> Result<Slice, StoreError> {
        self.inner.read(section, from).await
    }

    async fn require_quiet(&mut self) -> Result<(), StoreError> {
        self.inner.require_quiet().await
    }
}

#[async_trait]
impl<Inner: Target> Target for Breaking<Inner> {
    async fn mark(&mut self) -> Result<Option<Mark>, StoreError> {
        self.inner.mark().await
    }

    async fn begin(&mut self, mark: &Mark) -> Result<(), StoreError> {
        self.inner.begin(mark).await
    }

    async fn write(
        &mut self,
        section: &'static Section,
        rows: Vec<Row>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        if self.pages_left == 0 {
            return Err(StoreError::Unavailable {
                detail: "this is as far as it goes".to_owned(),
            });
        }
        self.pages_left -= 1;
        self.inner.write(section, rows, mark).await
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        self.inner.finish().await
    }
}
