//! The classes of the labels that a column or a list holds, said once for all its rows.
//!
//! In: the labels that occur, and the request's map. Out: the class of each, or why a picture is left out.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::Fault;

use super::labels::{LabelMap, meanings};
use crate::listing::{Class, Listing, Reason};
use crate::request::PrepareRequest;

/// The classes of labels.
pub(super) struct LabelClasses {
    classes: BTreeMap<String, Option<Class>>,
}

impl LabelClasses {
    /// The classes of `labels`; `place` says where one stands.
    pub(super) fn of(
        labels: &BTreeSet<&str>,
        place: &dyn Fn(&str) -> String,
        request: &PrepareRequest,
    ) -> Result<Self, Fault> {
        let is_ignored = |label: &&&str| request.settings.ignore.iter().any(|ignored| ignored == **label);
        let asked: BTreeSet<&str> = labels.iter().filter(|label| !is_ignored(label)).copied().collect();
        let map = LabelMap::of(request)?;
        let meanings = meanings(&asked, map.as_ref(), request.settings.classes, "label", place)?;
        Ok(LabelClasses { classes: meanings.into_iter().map(|(label, class)| (label.to_owned(), class)).collect() })
    }

    /// The class of a picture's label; the picture is left out where it is ignored.
    pub(super) fn class(&self, label: &str, source: &str, listing: &mut Listing) -> Option<Class> {
        let class = self.classes.get(label);
        match class {
            None => listing.reject(source, Reason::NotAskedFor, format!("the label {label} is ignored")),
            Some(None) => listing.reject(source, Reason::NotAskedFor, format!("the label map leaves {label} out")),
            Some(Some(_)) => {}
        }
        class.cloned().flatten()
    }
}
