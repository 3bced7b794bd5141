//! The databases that can be read, one file each, and what they share.
//!
//! An adapter matches whole names, maps the database's labels to the one vocabulary, says whose picture it is, and
//! reports every file that it does not take.

mod affectnet;
mod affectnet_hq;
mod ckplus;
mod ckplus48;
mod class_folders;
mod csv_table;
mod expw;
mod fer2013;
mod fer_plus;
mod folder;
mod jaffe;
mod kdef;
mod lookup;
mod mmi;
mod names;
mod oulu;
mod pixel_table;
mod rafd;
mod rafdb;
mod rows;
mod yolo;

use std::path::Path;

use howfar_face::Fault;

use crate::listing::{Listing, Reason, Reject};
use crate::published::Published;
use crate::request::PrepareRequest;

/// A database and how it is read.
#[derive(Debug)]
pub struct Database {
    /// The adapter's name on the command line, and the database's name in subjects.
    pub name: &'static str,
    /// The name that its authors use.
    pub title: &'static str,
    /// Whom to ask for it.
    pub access: &'static str,
    /// Its terms in a sentence.
    pub terms: &'static str,
    /// Published counts; a folder that fits none of them gets a caveat.
    pub published: &'static [Published],
    list: fn(&Path, &PrepareRequest) -> Result<Listing, Fault>,
}

impl Database {
    /// What lies at a path, and what of it is left out.
    pub(crate) fn list(&self, path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
        let listing = (self.list)(path, request)?;
        let chosen = |reason| matches!(reason, Reason::NotAskedFor | Reason::LowConfidence | Reason::NotAnExpression);
        if !listing.found.is_empty() || listing.rejects.iter().any(|reject| chosen(reject.reason)) {
            return Ok(listing);
        }
        let mut fault = Fault::data(path.display(), format!("nothing of {} is here", self.title));
        if let Some(first) = listing.rejects.first() {
            let Reject { source, reason, detail } = first;
            let n_others = listing.rejects.len() - 1;
            fault = fault.found(format!("{source}: {reason} ({detail}); {n_others} more files"));
        }
        Err(match self.better(path, request) {
            Some(other) => fault.hint(format!("this looks like {}: give it as {}:PATH", other.title, other.name)),
            None => fault.hint("check the path, and `howfar prepare --list` for the layouts"),
        })
    }

    /// The other database of which most lies at a path.
    fn better(&self, path: &Path, request: &PrepareRequest) -> Option<&'static Database> {
        let n_found = |other: &&Database| (other.list)(path, request).map_or(0, |listing| listing.found.len());
        let others = DATABASES.into_iter().filter(|other| other.name != self.name);
        // Of equals the first: `folder` takes what any other takes.
        let (n_found, other) = others.map(|other| (n_found(&other), other)).rev().max_by_key(|(n, _)| *n)?;
        (n_found > 0).then_some(other)
    }
}

static DATABASES: [&Database; 13] = [
    &ckplus::DATABASE,
    &ckplus48::DATABASE,
    &rafd::DATABASE,
    &oulu::DATABASE,
    &mmi::DATABASE,
    &kdef::DATABASE,
    &jaffe::DATABASE,
    &affectnet::DATABASE,
    &affectnet_hq::DATABASE,
    &fer2013::DATABASE,
    &rafdb::DATABASE,
    &expw::DATABASE,
    &folder::DATABASE,
];

static NAMES: [&str; 13] = {
    let mut names = [""; 13];
    let mut i = 0;
    while i < names.len() {
        names[i] = DATABASES[i].name;
        i += 1;
    }
    names
};

/// The adapters' names, as in `ADAPTER:PATH`.
pub fn adapter_names() -> &'static [&'static str] {
    &NAMES
}

/// The database of an adapter's name.
pub fn find_database(name: &str) -> Option<&'static Database> {
    DATABASES.into_iter().find(|database| database.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_adapter_is_found_under_its_name_and_says_where_it_comes_from() {
        for name in adapter_names() {
            let database = find_database(name).unwrap();
            assert_eq!(database.name, *name);
            for text in [database.title, database.access, database.terms] {
                assert!(!text.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn a_folder_of_another_database_is_sent_to_its_adapter() {
        let request = PrepareRequest::new(vec![], "out".into());
        let cases: [(&str, &[&str], &str); 3] = [
            ("kdef", &["KA.AN1.39.tiff", "KA.DI1.42.tiff"], "give it as jaffe:PATH"),
            ("jaffe", &["anger/S010_004_00000017.png", "fear/S010_004_00000018.png"], "give it as ckplus48:PATH"),
            ("rafd", &["happy/1_a.png"], "give it as "),
        ];
        for (adapter, names, hint) in cases {
            let folder = crate::tree::tests::tree_of(names);
            let fault = find_database(adapter).unwrap().list(folder.path(), &request).unwrap_err().to_string();
            assert!(fault.contains(hint) && fault.contains("name not known"), "{fault}");
        }
    }

    #[test]
    fn every_adapter_names_a_missing_and_an_empty_folder() {
        let folder = tempfile::tempdir().unwrap();
        let request = PrepareRequest::new(vec![], "out".into());
        for database in DATABASES {
            for path in [folder.path().to_owned(), folder.path().join("none")] {
                let fault = database.list(&path, &request).unwrap_err();
                assert_eq!(fault.place(), path.display().to_string(), "{}", database.name);
            }
        }
    }
}
