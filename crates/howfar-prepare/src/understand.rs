//! What `prepare` would read, without a look into any picture: the dry run.
//!
//! In: a request. Out: for each source its levels of folders, its classes with counts and first files, its persons, and
//! what is left out. Decodes nothing, so that pictures without a face are not known yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use howfar_face::Fault;
use serde::Serialize;

use crate::gather::{Gathered, choose_classes, gather};
use crate::levels::Level;
use crate::listing::{Class, Found, count};
use crate::report::ReasonCount;
use crate::request::PrepareRequest;

/// Files of a class that are named.
const FIRST: usize = 3;

/// A class of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnderstoodClass {
    /// Its name.
    pub class: String,
    /// Whether it was asked for (`--expressions`).
    pub wanted: bool,
    /// Pictures, or videos.
    pub pictures: u64,
    /// Different persons among them; 0 where nobody says whose they are.
    pub persons: u64,
    /// The first files, in the order of their paths.
    pub first: Vec<String>,
}

/// What is understood of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnderstoodSource {
    /// The adapter.
    pub adapter: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What its persons belong to.
    pub database: String,
    /// Levels of folders, where folders say what a picture shows.
    pub levels: Vec<Level>,
    /// In the order of expressions, or of names.
    pub classes: Vec<UnderstoodClass>,
    /// Different persons.
    pub n_persons: u64,
    /// Pictures of which nobody says whose they are.
    pub of_nobody: u64,
    /// Whether the pictures count as cropped to the face already.
    pub cropped: bool,
    /// What is left out, by reason.
    pub rejects: Vec<ReasonCount>,
    /// What a reader should know.
    pub caveats: Vec<String>,
}

/// The answer of [`understand`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Understanding {
    /// In the order of the request.
    pub sources: Vec<UnderstoodSource>,
}

/// Lists every source as [`crate::prepare`] does, and counts. Writes nothing.
pub fn understand(request: &PrepareRequest) -> Result<Understanding, Fault> {
    request.check()?;
    let gathered = gather(request, None, &mut |_| ControlFlow::Continue(()))?;
    // Refuses what `prepare` would.
    choose_classes(request, &gathered)?;
    let sources =
        request.sources.iter().zip(gathered).map(|(source, Gathered { database, mut listing, .. })| UnderstoodSource {
            adapter: source.adapter.clone(),
            path: source.path.clone(),
            database,
            levels: std::mem::take(&mut listing.levels),
            classes: classes(&listing.found, request),
            n_persons: persons(listing.found.iter()),
            of_nobody: listing.found.iter().filter(|f| f.person.is_none()).count() as u64,
            cropped: listing.cropped,
            rejects: count(&listing.rejects).into_iter().map(|(reason, files)| ReasonCount { reason, files }).collect(),
            caveats: listing.caveats,
        });
    Ok(Understanding { sources: sources.collect() })
}

fn classes(found: &[Found], request: &PrepareRequest) -> Vec<UnderstoodClass> {
    let mut of_class: BTreeMap<&Class, Vec<&Found>> = BTreeMap::new();
    for find in found {
        of_class.entry(&find.class).or_default().push(find);
    }
    let understood = |(class, found): (&Class, Vec<&Found>)| UnderstoodClass {
        class: class.name().to_owned(),
        wanted: match class {
            Class::Expression(expression) => request.expressions.contains(expression),
            Class::Named(_) => true,
        },
        pictures: found.len() as u64,
        persons: persons(found.iter().copied()),
        first: found.iter().take(FIRST).map(|f| f.source.clone()).collect(),
    };
    of_class.into_iter().map(understood).collect()
}

fn persons<'f>(found: impl Iterator<Item = &'f Found>) -> u64 {
    found.filter_map(|f| f.person.as_deref()).collect::<BTreeSet<_>>().len() as u64
}

impl fmt::Display for Understanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, source) in self.sources.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            source.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for UnderstoodSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_pictures: u64 = self.classes.iter().map(|class| class.pictures).sum();
        write!(f, "{}:{}: {n_pictures} pictures of ", self.adapter, self.path.display())?;
        match (self.n_persons, self.of_nobody) {
            (0, _) => writeln!(f, "unknown people")?,
            (n, 0) => writeln!(f, "{n} people")?,
            (n, nobody) => writeln!(f, "{n} people, {nobody} of unknown people")?,
        }
        for level in &self.levels {
            writeln!(f, "  {level}")?;
        }
        let width = self.classes.iter().map(|c| c.class.chars().count()).max().unwrap_or(0).max("class".len());
        writeln!(f, "  {:width$}  pictures   people  first files", "class")?;
        for class in &self.classes {
            let persons = if class.persons > 0 { class.persons.to_string() } else { "?".to_owned() };
            let unwanted = if class.wanted { "" } else { "(not asked for) " };
            let more = if class.pictures > class.first.len() as u64 { ", …" } else { "" };
            let first = class.first.join(", ");
            writeln!(f, "  {:width$}  {:>8}  {persons:>7}  {unwanted}{first}{more}", class.class, class.pictures)?;
        }
        let n_rejects: u64 = self.rejects.iter().map(|r| r.files).sum();
        if n_rejects > 0 {
            writeln!(f, "left out: {n_rejects}")?;
        }
        for count in &self.rejects {
            writeln!(f, "  {:17}  {:>7}", count.reason, count.files)?;
        }
        for caveat in &self.caveats {
            writeln!(f, "caveat: {caveat}")?;
        }
        Ok(())
    }
}
