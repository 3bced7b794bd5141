//! What howfar is linked from: THIRD-PARTY.txt is that of Cargo.lock, its licences are those of deny.toml, nothing that
//! we choose is there twice.
//!
//! In: the files of the repository; cargo is not asked, because it wants the sources of packages that no build here
//! needs. Out: which file has to be written anew. `cargo deny` and `.ci/notices --check` ask cargo.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use howfar_face::checksum;
use program::{howfar, workplace};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

fn toml_file(name: &str) -> toml::Table {
    file(name).parse().unwrap()
}

/// Name, version and stated licence of every package that the notices list.
fn linked() -> Vec<(String, String, String)> {
    let notices = file("THIRD-PARTY.txt");
    let list = notices.split("\n\n-----").next().unwrap().rsplit("\n\n").next().unwrap();
    let package = |line: &str| {
        let (name, rest) = line.split_once(' ').unwrap();
        let (version, rest) = rest.split_once(": ").unwrap();
        let (licence, _) = rest.split_once(", ").unwrap();
        (name.to_owned(), version.to_owned(), licence.to_owned())
    };
    list.lines().map(package).collect()
}

/// Name and version of every package of others in Cargo.lock.
fn locked() -> BTreeSet<(String, String)> {
    let lock = toml_file("Cargo.lock");
    let packages = lock["package"].as_array().unwrap().iter().filter(|package| package.get("source").is_some());
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    packages.map(|package| (text(&package["name"]), text(&package["version"]))).collect()
}

#[test]
fn the_notices_are_those_of_the_packages_in_the_lock_file() {
    let mut names: Vec<String> = locked().iter().map(|(name, version)| format!("{name} {version}\n")).collect();
    names.sort();
    let hash = checksum::sha256_hex(&[names.concat().as_bytes()]);
    assert!(file("THIRD-PARTY.txt").contains(&hash), "the packages of Cargo.lock have changed: run .ci/notices");
    let locked = locked();
    for (name, version, _) in linked() {
        assert!(locked.contains(&(name.clone(), version.clone())), "{name} {version}");
    }
}

#[test]
fn every_linked_package_is_under_a_licence_that_is_allowed() {
    let deny = toml_file("deny.toml");
    let words = |list: &toml::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let allowed = words(&deny["licenses"]["allow"]);
    let exceptions: BTreeMap<&str, Vec<String>> = deny["licenses"]["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exception| (exception["crate"].as_str().unwrap(), words(&exception["allow"])))
        .collect();
    let packages = linked();
    assert!(packages.len() > 100, "{}", packages.len());
    for (name, version, licence) in packages {
        let expression = spdx::Expression::parse_mode(&licence, spdx::ParseMode::LAX).unwrap();
        let of_its_own = exceptions.get(name.as_str()).cloned().unwrap_or_default();
        let is_allowed = expression.evaluate(|wanted| {
            let wanted = wanted.to_string();
            allowed.contains(&wanted) || of_its_own.contains(&wanted)
        });
        assert!(is_allowed, "{name} {version}: {licence}");
    }
}

#[test]
fn no_package_that_we_choose_is_linked_in_two_versions() {
    let manifest = toml_file("Cargo.toml");
    let chosen = manifest["workspace"]["dependencies"].as_table().unwrap();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    linked().into_iter().for_each(|(name, version, _)| versions.entry(name).or_default().push(version));
    for (name, versions) in versions {
        assert!(versions.len() == 1 || !chosen.contains_key(&name), "{name}: {versions:?}");
    }
}

#[test]
fn the_reference_values_were_made_with_the_versions_that_are_pinned() {
    let pinned = file("reference/requirements.txt");
    let pinned: BTreeMap<&str, &str> = pinned.lines().map(|line| line.split_once("==").unwrap()).collect();
    let mut n_compared = 0;
    for entry in fs::read_dir(repository().join("reference")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let values: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let versions = values["versions"].as_object().into_iter().flatten().filter(|(name, _)| *name != "python");
        for (name, version) in versions {
            // 2.15.0+cu132 is 2.15.0, built for a GPU.
            let version = version.as_str().unwrap().split('+').next().unwrap();
            assert_eq!(pinned.get(name.as_str()), Some(&version), "{name} of {}", path.display());
            n_compared += 1;
        }
    }
    assert!(n_compared > 0);
}

#[test]
fn the_program_prints_the_notices_with_those_of_the_face_detector_and_the_fonts_inside() {
    let printed = howfar(&workplace(), &["--licenses"]);
    assert_eq!((printed.code, printed.stdout.trim_end()), (0, file("THIRD-PARTY.txt").trim_end()));
    assert!(printed.stdout.contains("Visual Information Processing and Learning (VIPL) group"));
    assert!(printed.stdout.contains("seeta_fd_frontal_v1.0.bin"));
    assert!(printed.stdout.contains("SIL OPEN FONT LICENSE"));
}
