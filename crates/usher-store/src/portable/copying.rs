//! Moving a ledger from one house to another.
//!
//! 1. Either the target is empty, or it holds the beginning of a copy of this very source. Anything else is left alone.
//! 2. The target is marked before anything is written. As long as the mark stands nobody serves it, so what looks
//!    whole is whole.
//! 3. Pages are read and written one after the other, and the mark moves with each page in the page's own transaction. So
//!    whoever is killed anywhere goes on where the last page ended, without a row missing or twice.
//! 4. Every section is read again on both sides and added up. Only when all of them agree, and nobody has begun to work on
//!    the source meanwhile, is the mark taken away.
//!
//! **When the source has changed between two attempts** it must be copied from the beginning. A change of the ledger is noticed
//! by the ends of the audit logs, which every change moves. Accesses leave no trace there; they are noticed by the sums in the
//! end, and then the mark says that the next attempt begins anew.

use super::{
    digest::Digest,
    house::{Mark, Place, Slice, Source, Target, digest},
    section::{SECTIONS, Section, SectionName},
};
use crate::error::StoreError;

/// The section of the mark when all of them are written.
const WRITTEN: &str = "";
/// The standing of a source that must be copied from the beginning, whatever it is.
const BEGIN_ANEW: &str = "";

/// What happens just now, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// So many rows are to be copied, of which the last attempt brought so many.
    Begun {
        /// Rows of the source.
        rows: u64,
        /// Rows that are there already.
        rows_before: u64,
    },
    /// Rows of a section were written.
    Written(SectionName, u64),
    /// Rows of a section were added up, at one of the two ends.
    Verified(SectionName, u64),
}

/// What became of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionReport {
    /// Which.
    pub section: SectionName,
    /// What it adds up to in the source.
    pub source: Digest,
    /// What it adds up to in the target.
    pub target: Digest,
}

/// What became of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// True when it went on where an earlier attempt was broken off.
    pub resumed: bool,
    /// Every section in its order; the sums agree.
    pub sections: Vec<SectionReport>,
}

/// Why a ledger was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is a ledger in the target.
    #[error("the target holds a ledger already (section {section})")]
    TargetNotEmpty {
        /// The first section that has a row.
        section: SectionName,
    },
    /// The target is being made a copy of another source.
    #[error("the target holds the beginning of a copy of {source_address}")]
    CopyOfAnother {
        /// Of what.
        source_address: String,
    },
    /// The copy is not like the source; the next attempt begins anew.
    #[error("section {} differs between source and target", .0.section)]
    Differs(Box<SectionReport>),
    /// An engine could not do its part.
    #[error("the source: {0}")]
    Source(StoreError),
    /// The same on the other side.
    #[error("the target: {0}")]
    Target(StoreError),
}

/// A copy into a target that is marked, so that nobody serves it.
#[derive(Debug)]
pub struct UnderWay {
    mark: Mark,
    resumed: bool,
}

/// Copies a ledger, or goes on with it. `watch` is told of every page.
///
/// # Errors
/// [`CopyError`]; the target is marked as unfinished, unless it was left alone.
pub async fn copy(
    source: &mut dyn Source,
    target: &mut dyn Target,
    watch: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<CopyReport, CopyError> {
    let under_way = begin(source, target).await?;
    under_way.complete(source, target, watch).await
}

impl UnderWay {
    /// Copies what is missing, compares everything, and takes the mark away.
    ///
    /// # Errors
    /// As [`copy`].
    pub async fn complete(
        self,
        source: &mut dyn Source,
        target: &mut dyn Target,
        watch: &mut (dyn FnMut(CopyStep) + Send),
    ) -> Result<CopyReport, CopyError> {
        let Self { mut mark, resumed } = self;
        announce(source, &mark, watch).await?;
        for section in remaining(&mark) {
            copy_section(source, target, (section, &mut mark), watch).await?;
        }
        let sections = verify(source, target, &mark, watch).await?;
        source.require_quiet().await.map_err(CopyError::Source)?;
        target.finish().await.map_err(CopyError::Target)?;
        Ok(CopyReport { resumed, sections })
    }
}

/// Finds where to begin, and marks the target.
///
/// # Errors
/// As [`copy`].
pub async fn begin(source: &mut dyn Source, target: &mut dyn Target) -> Result<UnderWay, CopyError> {
    let fresh = Mark {
        source: source.address(),
        standing: standing(source).await.map_err(CopyError::Source)?,
        section: SECTIONS
            .first()
            .map_or(WRITTEN, |section| section.name)
            .to_owned(),
        place: None,
    };
    match target.mark().await.map_err(CopyError::Target)? {
        Some(mark) if mark.source != fresh.source => {
            return Err(CopyError::CopyOfAnother {
                source_address: mark.source,
            });
        }
        Some(mark) if mark.standing == fresh.standing => return Ok(UnderWay { mark, resumed: true }),
        Some(_) => {}
        None => require_empty(target).await?,
    }
    target.begin(&fresh).await.map_err(CopyError::Target)?;
    Ok(UnderWay {
        mark: fresh,
        resumed: false,
    })
}

/// What tells a source from itself at another time: its tenants and the ends of their audit logs.
async fn standing(source: &mut dyn Source) -> Result<String, StoreError> {
    let mut standing = String::new();
    for section in ["tenants", "audit_heads"].into_iter().filter_map(Section::named) {
        standing += &digest(source, section, |_| {}).await?.to_string();
    }
    Ok(standing)
}

async fn require_empty(target: &mut dyn Target) -> Result<(), CopyError> {
    for section in SECTIONS {
        let slice = target.read(section, None).await.map_err(CopyError::Target)?;
        if !slice.rows.is_empty() {
            return Err(CopyError::TargetNotEmpty {
                section: section.name,
            });
        }
    }
    Ok(())
}

/// The sections that are not wholly written.
fn remaining(mark: &Mark) -> impl Iterator<Item = &'static Section> + use<> {
    let first = SECTIONS
        .iter()
        .position(|section| section.name == mark.section)
        .unwrap_or(SECTIONS.len());
    SECTIONS.iter().skip(first)
}

async fn announce(
    source: &mut dyn Source,
    mark: &Mark,
    watch: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<(), CopyError> {
    let (mut rows, mut rows_left) = (0, 0);
    let left: Vec<_> = remaining(mark).map(|section| section.name).collect();
    for section in SECTIONS {
        let count = source.count(section).await.map_err(CopyError::Source)?;
        rows += count;
        if left.contains(&section.name) {
            rows_left += count;
        }
    }
    watch(CopyStep::Begun {
        rows,
        rows_before: rows - rows_left,
    });
    Ok(())
}

async fn copy_section(
    source: &mut dyn Source,
    target: &mut dyn Target,
    (section, mark): (&'static Section, &mut Mark),
    watch: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<(), CopyError> {
    loop {
        let Slice { rows, next } = source
            .read(section, mark.place.as_ref())
            .await
            .map_err(CopyError::Source)?;
        let count = rows.len() as u64;
        let ended = next.is_none();
        move_on(mark, section, next);
        target
            .write(section, rows, mark)
            .await
            .map_err(CopyError::Target)?;
        watch(CopyStep::Written(section.name, count));
        if ended {
            return Ok(());
        }
    }
}

fn move_on(mark: &mut Mark, section: &'static Section, next: Option<Place>) {
    let name = if next.is_some() {
        section.name
    } else {
        let after = SECTIONS.iter().skip_while(|other| other.name != section.name);
        after.map(|section| section.name).nth(1).unwrap_or(WRITTEN)
    };
    name.clone_into(&mut mark.section);
    mark.place = next;
}

async fn verify(
    source: &mut dyn Source,
    target: &mut dyn Target,
    mark: &Mark,
    watch: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<Vec<SectionReport>, CopyError> {
    let mut reports = Vec::with_capacity(SECTIONS.len());
    for section in SECTIONS {
        let name = section.name;
        let report = SectionReport {
            section: name,
            source: digest(source, section, |rows| watch(CopyStep::Verified(name, rows)))
                .await
                .map_err(CopyError::Source)?,
            target: digest(target, section, |rows| watch(CopyStep::Verified(name, rows)))
                .await
                .map_err(CopyError::Target)?,
        };
        if report.source != report.target {
            let anew = Mark {
                standing: BEGIN_ANEW.to_owned(),
                ..mark.clone()
            };
            target
                .write(section, Vec::new(), &anew)
                .await
                .map_err(CopyError::Target)?;
            return Err(CopyError::Differs(Box::new(report)));
        }
        reports.push(report);
    }
    Ok(reports)
}
