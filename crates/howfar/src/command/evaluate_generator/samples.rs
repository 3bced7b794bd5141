//! Which faces are compared with which. In: what was seen of a generated and of a real set. Out: faces grouped by
//! person; halves of the real people that share nobody. Looks at no pixel.

use std::collections::BTreeMap;

use howfar_evaluate::distance::{Features, IdentityKept, identity_kept};
use howfar_face::{FaceSet, Fault, SubjectId};
use howfar_random::{Seeds, shuffle};
use howfar_train::Model;

use super::looks::Looked;

/// People whose faces are looked for among each other's at most.
const MOST_IDENTITIES: usize = 100;

/// The faces of each person.
pub type People = Vec<Vec<Looked>>;

/// The classes that both sets have: those of howfar's network first, in its order.
pub fn common_classes(sets: &[FaceSet; 2], model: &Model) -> Result<Vec<String>, Fault> {
    let [generated, real] = sets.each_ref().map(|set| &set.info().classes);
    let mut classes: Vec<String> = generated.iter().filter(|class| real.contains(class)).cloned().collect();
    classes.sort_by_key(|class| model.classes().iter().position(|own| own == class).unwrap_or(usize::MAX));
    if classes.is_empty() {
        return Err(Fault::data(places(sets), "the two sets share no class")
            .found(format!("{}; {}", generated.join(", "), real.join(", ")))
            .expected("a class that both have"));
    }
    Ok(classes)
}

/// The faces of each person, in the order in which people appear.
pub fn by_person(faces: Vec<Looked>) -> People {
    let mut place: BTreeMap<SubjectId, usize> = BTreeMap::new();
    let mut people = People::new();
    for face in faces {
        let idx = *place.entry(face.subject.clone()).or_insert(people.len());
        if idx == people.len() {
            people.push(Vec::new());
        }
        people[idx].push(face);
    }
    people
}

/// Halves of the real people; nobody is in both.
pub fn halves(mut real: People, set: &FaceSet) -> Result<[People; 2], Fault> {
    if real.len() < 2 {
        return Err(Fault::data(set.folder().display(), "too few people to split the real faces in halves")
            .found(real.len())
            .expected("at least 2 people; faces are compared with those of other people"));
    }
    // Sets may be sorted by age, database or skin; a fixed stream, so that the same set always has the same halves.
    shuffle(&mut real, &mut Seeds::new(0).stream("halves of the real faces", &[]));
    let other_half = real.split_off(real.len().div_ceil(2));
    Ok([real, other_half])
}

/// How often faces of the first people, by the names of their parents, find each other; none where nobody has two
/// faces.
pub fn identity(people: &[&People], name: &str) -> Result<Option<IdentityKept>, Fault> {
    let mut owners: BTreeMap<&SubjectId, Vec<&Looked>> = BTreeMap::new();
    let mut order = Vec::new();
    for face in people.iter().flat_map(|people| people.iter().flatten()) {
        let own = owners.entry(&face.owner).or_default();
        if own.is_empty() {
            order.push(&face.owner);
        }
        own.push(face);
    }
    order.retain(|owner| owners[owner].len() > 1);
    order.truncate(MOST_IDENTITIES);
    if order.len() < 2 {
        return Ok(None);
    }
    let faces = || order.iter().enumerate().flat_map(|(idx, owner)| owners[owner].iter().map(move |face| (idx, *face)));
    let rows: Vec<Vec<f32>> = faces().map(|(_, face)| face.features.clone()).collect();
    let (owners, classes): (Vec<usize>, Vec<usize>) = faces().map(|(idx, face)| (idx, face.class)).unzip();
    Ok(identity_kept(&Features::new(name, &rows)?, &owners, &classes))
}

/// Both sets in an error.
pub fn places(sets: &[FaceSet; 2]) -> String {
    format!("{} and {}", sets[0].folder().display(), sets[1].folder().display())
}

/// Whether howfar's network can look at both sets; why not, if it must.
pub fn check_sizes(sets: &[FaceSet; 2], model: &Model) -> Result<(), Fault> {
    let sides = sets.each_ref().map(|set| set.info().preprocessing.side);
    let expected = model.side();
    if sides.iter().any(|side| *side as usize != expected) {
        let what = if sides[0] == sides[1] {
            "howfar's network looks at faces of another size"
        } else {
            "the two sets have faces of different sizes"
        };
        return Err(Fault::data(places(sets), what)
            .found(format!("{0}×{0} and {1}×{1} pixels", sides[0], sides[1]))
            .expected(format!("{expected}×{expected} in both"))
            .hint(format!("make both with --size {expected}, or give a network of your own with --features")));
    }
    Ok(())
}
