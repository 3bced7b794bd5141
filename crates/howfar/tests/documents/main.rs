//! Documents that cannot drift: what README, ARCHITECTURE, CONTRIBUTING and docs/ say is compared with what is there.
//!
//! In: the documents, the manifests and sources of the workspace, the program's own help. Out: the document, and what
//! in it is not so. One module for each kind of fact; a registry that a table repeats (arms, measures) gets one of its
//! own, as [`study_keys`] is for study files. [`markdown`] finds code and tables in a document.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod commands;
mod crates;
mod files;
mod formats;
mod markdown;
#[path = "../program/mod.rs"]
mod program;
mod study_keys;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's folder.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

/// Every document that speaks of today, by its path: not the changelog, which tells of the past.
fn documents() -> Vec<(String, String)> {
    let mut names: Vec<String> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    let docs = fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    names.extend(docs.map(|name| format!("docs/{}", name.to_str().unwrap())).filter(|name| name.ends_with(".md")));
    names.sort();
    names.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

/// Every source file of the crates, by its path in the repository.
fn sources() -> Vec<(String, String)> {
    let mut folders = vec![repository().join("crates")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_source = path.components().any(|part| part.as_os_str() == "src");
            if path.is_dir() {
                folders.push(path);
            } else if is_source && path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(repository()).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
