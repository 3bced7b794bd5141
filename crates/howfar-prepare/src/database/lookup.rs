//! Finds the files that a list names, wherever in the tree they lie, and knows which no list named.

use std::collections::{BTreeMap, BTreeSet};

use crate::listing::{Listing, Reason};
use crate::picture_file::is_picture;
use crate::tree::{Tree, TreeFile};

/// The files of a tree by name.
pub(super) struct Lookup<'t> {
    by_name: BTreeMap<&'t str, Vec<&'t TreeFile>>,
    named: BTreeSet<&'t str>,
}

impl<'t> Lookup<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&TreeFile>> = BTreeMap::new();
        for file in &tree.files {
            by_name.entry(file.name()).or_default().push(file);
        }
        Lookup { by_name, named: BTreeSet::new() }
    }

    /// The file whose path ends in `listed` (a name, perhaps with folders before it); the first if there are several.
    pub(super) fn find(&mut self, listed: &str) -> Option<&'t TreeFile> {
        let listed = listed.replace('\\', "/");
        let listed = listed.trim_start_matches("./");
        let candidates = self.by_name.get(listed.rsplit('/').next()?)?;
        let file = candidates.iter().find(|file| {
            file.relative.strip_suffix(listed).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })?;
        self.named.insert(&file.relative);
        Some(file)
    }

    /// Reports the files that nobody asked for.
    pub(super) fn report_unnamed(self, listing: &mut Listing) {
        let mut unnamed: Vec<&TreeFile> =
            self.by_name.into_values().flatten().filter(|f| !self.named.contains(f.relative.as_str())).collect();
        unnamed.sort_by(|a, b| a.relative.cmp(&b.relative));
        for file in unnamed {
            if is_picture(&file.path) {
                listing.reject(&file.relative, Reason::NoLabel, "no list names it");
            } else {
                listing.reject(&file.relative, Reason::NotAPicture, "by its name");
            }
        }
    }
}
