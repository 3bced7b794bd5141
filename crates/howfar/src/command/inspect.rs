//! `howfar faces inspect FACES`: what is in a face set, and whether it is as it was written; `--accept-changes` takes
//! over what is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use howfar_face::{Accepted, DatabaseFaces, FaceSet, Fault, accept_changes};
use serde::Serialize;

use crate::console::Console;

/// Print what is in a face set.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar faces inspect faces/jaffe --json
  howfar faces inspect faces/jaffe --accept-changes

Every picture is decoded and compared with its checksum, and the whole set with its identity. A set whose labels, \
people or pictures were changed after it was written is refused by every command; --accept-changes says what is \
different and gives the set the identity that its faces have now, so that studies compute anew what they had computed \
with the old ones.")]
pub struct Args {
    /// The face set's folder.
    faces: PathBuf,
    /// Take over what was changed by hand: renew checksums, counts and identity.
    #[arg(long)]
    accept_changes: bool,
}

#[derive(Debug, Serialize)]
struct Inspection {
    name: String,
    n_faces: u64,
    n_people: usize,
    per_class: BTreeMap<String, u64>,
    per_database: BTreeMap<String, u64>,
    provenance: BTreeMap<String, u64>,
    /// Faces of each group, where the set knows groups; the rest has none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    per_group: BTreeMap<String, u64>,
    fewest_faces_of_a_person: u64,
    most_faces_of_a_person: u64,
    preprocessing: howfar_face::Preprocessing,
    /// How each database's faces were cut, where the set says it.
    databases: Vec<DatabaseFaces>,
    licences: Vec<howfar_face::Licence>,
    caveats: Vec<String>,
    content_sha256: String,
    people: BTreeSet<String>,
    /// What `--accept-changes` took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Changes>,
}

/// What was not as it had been written.
#[derive(Debug, Serialize)]
struct Changes {
    n_faces_before: u64,
    n_pictures_with_other_pixels: u64,
    changed_files: Vec<String>,
    content_sha256_before: String,
    #[serde(skip)]
    words: Vec<String>,
}

impl From<Accepted> for Changes {
    fn from(accepted: Accepted) -> Self {
        Changes {
            words: accepted.words(),
            n_faces_before: accepted.before.n_faces,
            n_pictures_with_other_pixels: accepted.n_pictures,
            changed_files: accepted.changed_files,
            content_sha256_before: accepted.before.content_sha256,
        }
    }
}

/// Counts the faces and prints them.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let accepted = args.accept_changes.then(|| accept_changes(&args.faces)).transpose()?.map(Changes::from);
    let inspection = Inspection { accepted, ..inspect(&FaceSet::open(&args.faces)?)? };
    if console.json() {
        console.answer_json(&inspection);
    } else {
        console.answer(&words(&inspection));
    }
    Ok(())
}

fn inspect(set: &FaceSet) -> Result<Inspection, Fault> {
    let info = set.info();
    let mut per_class: BTreeMap<String, u64> = info.classes.iter().map(|c| (c.clone(), 0)).collect();
    let (mut per_database, mut provenance, mut per_person) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut per_group = BTreeMap::new();
    // Labels alone would do for the counts; the pictures are read to have them compared with their checksums.
    set.for_each(|face| {
        *per_class.entry(info.classes[face.labels.label].clone()).or_default() += 1;
        *per_database.entry(face.labels.subject.database().to_owned()).or_default() += 1;
        *provenance.entry(face.labels.provenance.name().to_owned()).or_default() += 1;
        if let Some(group) = face.labels.group {
            *per_group.entry(group).or_default() += 1;
        }
        *per_person.entry(face.labels.subject.to_string()).or_insert(0u64) += 1;
        Ok(())
    })?;
    Ok(Inspection {
        name: info.name.clone(),
        n_faces: info.n_faces,
        n_people: per_person.len(),
        per_class,
        per_database,
        provenance,
        per_group,
        fewest_faces_of_a_person: per_person.values().min().copied().unwrap_or(0),
        most_faces_of_a_person: per_person.values().max().copied().unwrap_or(0),
        preprocessing: info.preprocessing.clone(),
        databases: info.databases.clone(),
        licences: info.licences.clone(),
        caveats: info.caveats.clone(),
        content_sha256: info.content_sha256.clone(),
        people: per_person.into_keys().collect(),
        accepted: None,
    })
}

fn words(i: &Inspection) -> String {
    let list = |counts: &BTreeMap<String, u64>| {
        counts.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
    };
    let p = &i.preprocessing;
    let mut lines: Vec<String> = match &i.accepted {
        None => Vec::new(),
        Some(changes) if changes.words.is_empty() => vec!["nothing was changed after the set was written".to_owned()],
        Some(changes) => changes.words.iter().map(|words| format!("accepted: {words}")).collect(),
    };
    lines.extend([
        format!("{}: {} faces of {} people", i.name, i.n_faces, i.n_people),
        format!("  classes     {}", list(&i.per_class)),
        format!("  databases   {}", list(&i.per_database)),
        format!("  provenance  {}", list(&i.provenance)),
        format!("  a person    {} to {} faces", i.fewest_faces_of_a_person, i.most_faces_of_a_person),
    ]);
    if !i.per_group.is_empty() {
        let n_none = i.n_faces - i.per_group.values().sum::<u64>();
        let none = if n_none > 0 { format!(", of none {n_none}") } else { String::new() };
        lines.push(format!("  groups      {}{none}", list(&i.per_group)));
    }
    lines.extend([format!(
        "  prepared    {0}×{0} {1}, detection {2}, alignment {3}",
        p.side, p.colour, p.detection, p.alignment
    )]);
    let differs = |of: &&DatabaseFaces| of.preprocessing != *p;
    lines.extend(
        i.databases.iter().filter(differs).map(|of| format!("    {}    {}", of.database, of.preprocessing.way())),
    );
    let n_lost = |of: &&DatabaseFaces| of.n_lost > 0;
    lines.extend(i.databases.iter().filter(n_lost).map(|of| {
        format!("  lost        {} pictures of {} could not be read or showed no face", of.n_lost, of.database)
    }));
    lines.push(format!("  content     {}", i.content_sha256));
    lines.extend(i.licences.iter().map(|l| format!("  terms       {}: {}", l.database, l.terms)));
    lines.extend(i.caveats.iter().map(|c| format!("  caveat      {c}")));
    lines.join("\n")
}
