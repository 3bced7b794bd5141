//! The databases that can be read, one file each, and what they share.
//!
//! An adapter matches whole names, maps the database's labels to the one vocabulary, says whose picture it is, and
//! reports every file that it does not take.

mod affectnet;
mod affectnet_hq;
mod ckplus;
mod ckplus48;
mod class_folders;
mod columns;
mod expw;
mod fer2013;
mod fer_plus;
mod file_check;
mod folder;
mod folder_check;
mod hf;
mod jaffe;
mod kdef;
mod label_classes;
mod labels;
mod lookup;
mod mmi;
mod name_schemes;
mod names;
mod other_adapter;
mod oulu;
mod picture_list;
mod pixel_table;
mod prompted;
mod rafd;
mod rafdb;
mod rows;
mod sheets;
mod yolo;

use std::path::Path;

use howfar_face::{Fault, FaultKind};

use crate::generator_marks::marked_as_generated;
use crate::listing::{Listing, Reason};
use crate::published::Published;
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::spelling;
use crate::tree::Tree;

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
    /// The settings that its adapter reads; others are refused.
    pub settings: &'static [Setting],
    /// What everyone who uses it should know: flaws of the database that are known.
    pub known_flaws: &'static [&'static str],
    /// Whether its people belong to the folder (or list) that is given, by its name: where the pictures are anyone's.
    names_by_path: bool,
    /// Whether finds are a sign that this database lies there, where somebody has named another adapter.
    is_sign: fn(&Listing) -> bool,
    list: fn(&Path, &PrepareRequest) -> Result<Listing, Fault>,
}

impl Database {
    /// Whether its adapter reads the setting of an option.
    pub(crate) fn reads(&self, flag: &str) -> bool {
        self.settings.iter().any(|setting| setting.flag() == flag)
    }

    /// What the people of a source belong to: the database, or what was given by its name.
    pub(crate) fn name_at(&self, path: &Path) -> String {
        if !self.names_by_path {
            return self.name.to_owned();
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let name = absolute.file_stem().map(|n| n.to_string_lossy().replace(':', "-")).unwrap_or_default();
        if name.is_empty() { self.name.to_owned() } else { name }
    }

    /// What lies at a path, and what of it is left out, one spelling a name. A place of another database's is refused
    /// with the adapter that reads it.
    pub(crate) fn list(&self, path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
        file_check::refuse(path)?;
        let mut listing = match (self.list)(path, request) {
            Ok(listing) if other_adapter::knows_no_name(&listing) => {
                return Err(other_adapter::nothing_here(path, &listing, self));
            }
            Ok(listing) => listing,
            Err(fault) if fault.kind() == FaultKind::Data => return Err(other_adapter::hint(fault, path, self)),
            Err(fault) => return Err(fault),
        };
        spelling::unify(&mut listing);
        listing.caveats.extend(marked_as_generated(&listing, request));
        let prefix = format!("{}: ", self.name_at(path));
        for caveat in listing.caveats.iter_mut().filter(|caveat| !caveat.starts_with(&prefix)) {
            caveat.insert_str(0, &prefix);
        }
        if path.is_dir() {
            for entry in Tree::system_entries(path)? {
                listing.reject(entry, Reason::SystemFile, "no file of the database");
            }
        }
        Ok(listing)
    }
}

/// Every database. The list, and a line in `docs/databases.md`, is all that a new adapter needs beside its file.
pub(crate) static DATABASES: &[&Database] = &[
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
    &hf::DATABASE,
];

/// The adapters' names, as in `ADAPTER:PATH`.
pub fn adapter_names() -> Vec<&'static str> {
    DATABASES.iter().map(|database| database.name).collect()
}

/// The database of an adapter's name.
pub fn find_database(name: &str) -> Option<&'static Database> {
    DATABASES.iter().copied().find(|database| database.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_adapter_is_found_under_its_name_and_says_where_it_comes_from() {
        for name in adapter_names() {
            let database = find_database(name).unwrap();
            assert_eq!(database.name, name);
            for text in [database.title, database.access, database.terms] {
                assert!(!text.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn a_folder_of_another_database_is_sent_to_its_adapter() {
        let request = PrepareRequest::new(vec![], "out".into());
        let cases: [(&str, &[&str], &str); 3] = [
            ("kdef", &["KA.AN1.39.tiff", "KA.DI1.42.tiff"], "give jaffe:"),
            ("jaffe", &["anger/S010_004_00000017.png", "fear/S010_004_00000018.png"], "give ckplus48:"),
            ("rafd", &["happy/1_a.png", "sad/2_b.png"], "give folder:"),
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
