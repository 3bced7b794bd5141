//! What was studied, as far as a table of predictions tells: its sets, seeds, k and people, and whom k is asked of.
//!
//! In: checked [`Rows`] and what each set is. Out: the [`StudyFacts`] that every analysis begins with. What rows cannot
//! say (terms, how faces were cut) is taken from the card of a table that howfar wrote, else it is said to be unknown.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::{SetFacts, StudyFacts};
use howfar_face::Provenance;
use howfar_face::checksum::Hasher;
use howfar_protocol::{Arm, ChooseOn, ClaimedMeasure, MixtureRatio, Part, Role, SMALLEST_GAIN};

use super::TableOptions;
use super::card::StudyCard;
use super::rows::Rows;

/// What stands where a table does not say it.
const UNKNOWN: &str = "not known: a table of predictions does not say it";
/// The seed of the draws of chance in the doubt, where nothing is said: that of studies.
const SEED: u64 = 1;

/// The facts of a table.
pub(super) fn facts(rows: &Rows, roles: &[Role], card: Option<&StudyCard>, options: &TableOptions) -> StudyFacts {
    let said = card.map(|card| &card.facts);
    let sets = sets(rows, roles, said);
    let judged = sets.iter().filter(|set| matches!(set.role, Role::Labelled | Role::Choosing | Role::Unseen));
    let usual = ClaimedMeasure::usual(judged.map(|set| set.per_class.as_slice()));
    let distinct =
        |of: fn(&super::rows::CellKey) -> u32| rows.cells.iter().map(|cell| of(&cell.key)).collect::<BTreeSet<u32>>();
    let (seeds, splits) = (distinct(|key| key.seed_idx), distinct(|key| key.split_idx));
    let is_redrawn = seeds.len() > 1 && rows.cells.iter().all(|cell| cell.key.split_idx == cell.key.seed_idx);
    let mixed = rows.cells.iter().filter(|cell| cell.key.treatment.arm == Arm::MIX).map(|cell| cell.key.treatment.k);
    StudyFacts {
        name: said.map_or_else(|| options.name.clone(), |said| said.name.clone()),
        seed: said.map_or(SEED, |said| said.seed),
        classes: rows.classes.clone(),
        unit: said.map_or_else(|| "identities".to_owned(), |said| said.unit.clone()),
        k: mixed.chain([MixtureRatio::ZERO]).collect::<BTreeSet<_>>().into_iter().collect(),
        n_seeds: seeds.len() as u32,
        seeds_at_most: said.and_then(|said| said.seeds_at_most),
        measure: options.measure.or(said.map(|said| said.measure)).unwrap_or(usual),
        smallest_gain_points: options
            .smallest_gain_points
            .or(said.map(|said| said.smallest_gain_points))
            .unwrap_or(SMALLEST_GAIN),
        n_splits: if is_redrawn { 1 } else { splits.len() as u32 },
        is_redrawn,
        people: people(rows),
        sets,
        instruction_set: said.map_or_else(|| UNKNOWN.to_owned(), |said| said.instruction_set.clone()),
        howfar_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Whom k is asked of: left-out databases where cells leave one out, else choosing databases, else validation people.
pub(super) fn choose_on(rows: &Rows, roles: &[Role]) -> ChooseOn {
    if rows.cells.iter().any(|cell| cell.key.treatment.left_out.is_some()) {
        ChooseOn::LeaveOneDatabaseOut
    } else if roles.contains(&Role::Choosing) {
        ChooseOn::Sets(Vec::new())
    } else {
        ChooseOn::Validation
    }
}

/// People on each side of the first split, of the parts that the table has.
fn people(rows: &Rows) -> BTreeMap<String, usize> {
    let first = rows.cells.iter().map(|cell| cell.key.split_idx).min();
    let mut people: BTreeMap<&'static str, BTreeSet<u32>> = BTreeMap::new();
    for cell in &rows.cells {
        let treatment = &cell.key.treatment;
        if Some(cell.key.split_idx) != first || treatment.left_out.is_some() || treatment.people_percent.is_some() {
            continue;
        }
        for (part, face) in cell.parts.iter().zip(&cell.faces) {
            if matches!(part, Part::Training | Part::Validation | Part::Test) {
                people.entry(part.name()).or_default().insert(rows.faces[*face as usize].person);
            }
        }
    }
    people.into_iter().map(|(side, people)| (side.to_owned(), people.len())).collect()
}

/// The sets by role; within a role as the study had them, else in the order of their first rows.
fn sets(rows: &Rows, roles: &[Role], said: Option<&StudyFacts>) -> Vec<SetFacts> {
    let said_of = |name: &str, role: Role| {
        let mut sets = said.iter().flat_map(|said| &said.sets);
        sets.find(|set| set.name == name && set.role == role)
    };
    let place = |set: &SetFacts| said.and_then(|said| said.sets.iter().position(|other| other.name == set.name));
    let mut sets: Vec<SetFacts> =
        of_rows(rows, roles).into_iter().map(|own| complete(own.clone(), said_of(&own.name, own.role))).collect();
    // No row shows the faces of databases that are mixed in in place of generated ones.
    let retrieved = said.iter().flat_map(|said| said.of_role(Role::Retrieved));
    sets.extend(retrieved.cloned());
    sets.sort_by_key(|set| (set.role, place(set).unwrap_or(usize::MAX)));
    sets
}

/// With what the study's own facts know more of a set. Of generated sets rows show only what was trained on.
fn complete(own: SetFacts, said: Option<&SetFacts>) -> SetFacts {
    let Some(said) = said else { return own };
    let is_whole = |of: &SetFacts| (of.n_faces, of.n_people, of.n_without_person, of.per_class.clone());
    if own.role == Role::Generated || is_whole(&own) == is_whole(said) {
        return said.clone();
    }
    SetFacts { preprocessing: said.preprocessing.clone(), licences: said.licences.clone(), ..own }
}

/// What is summed up of a set.
struct Summed {
    databases: BTreeSet<String>,
    people: BTreeSet<u32>,
    per_class: Vec<usize>,
    provenance: BTreeSet<&'static str>,
    hash: Hasher,
}

fn of_rows(rows: &Rows, roles: &[Role]) -> Vec<SetFacts> {
    let new = || Summed {
        databases: BTreeSet::new(),
        people: BTreeSet::new(),
        per_class: vec![0; rows.classes.len()],
        provenance: BTreeSet::new(),
        hash: Hasher::default(),
    };
    let mut sums: Vec<Summed> = rows.sets.iter().map(|_| new()).collect();
    for face in &rows.faces {
        let (of, person) = (&mut sums[face.set as usize], &rows.people[face.person as usize]);
        let usual = if roles[face.set as usize] == Role::Generated { Provenance::Generated } else { Provenance::Real };
        of.people.insert(face.person);
        if !of.databases.contains(person.subject.database()) {
            of.databases.insert(person.subject.database().to_owned());
        }
        of.per_class[usize::from(face.label)] += 1;
        of.provenance.insert(face.provenance.unwrap_or(usual).name());
        of.hash.update_text(&face.name);
        of.hash.update_text(&person.subject.to_string());
        of.hash.update_text(&rows.classes[usize::from(face.label)]);
    }
    let facts = |((name, role), of): ((&String, &Role), Summed)| SetFacts {
        role: *role,
        name: name.clone(),
        databases: of.databases.into_iter().collect(),
        n_faces: of.per_class.iter().sum(),
        n_people: of.people.len(),
        n_without_person: of.people.iter().filter(|person| !rows.people[**person as usize].is_known).count(),
        per_class: of.per_class,
        provenance: of.provenance.into_iter().collect::<Vec<_>>().join(", "),
        preprocessing: UNKNOWN.to_owned(),
        licences: Vec::new(),
        content_sha256: of.hash.finish(),
    };
    rows.sets.iter().zip(roles).zip(sums).map(facts).collect()
}
