//! What was measured on heads: mean landmarks, how people differ, what each action unit moves, profile and sections.
//!
//! In: the embedded tables `data/head-measures.json` (scanned heads), `data/face-motion.json` and `data/acting.json`
//! (photographed people). Out: `Anthropometry`, in eye distances. Holds figures, no geometry.

use serde::Deserialize;

use crate::acting::PeoplesActing;

/// Landmarks of a face (iBUG order: 0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes, 48-59 outer and 60-67 inner lips).
pub(crate) const N_LANDMARKS: usize = 68;
/// The landmarks of the brows; k and 43 − k are mirror images.
pub(crate) const BROWS: std::ops::Range<usize> = 17..27;

/// One point or vector a landmark, in eye distances: x to the picture's right, y up, z towards the viewer.
pub(crate) type Landmarks = [[f32; 3]; N_LANDMARKS];

/// A direction in which heads differ.
#[derive(Debug, Clone)]
pub(crate) struct ShapeComponent {
    /// Standard deviation along the direction.
    pub sd: f32,
    pub direction: Landmarks,
}

/// All figures, ready to use.
#[derive(Debug, Clone)]
pub(crate) struct Anthropometry {
    pub mean: Landmarks,
    pub components: Vec<ShapeComponent>,
    /// Number of the action unit and the displacement at intensity 1.
    pub action_units: Vec<(u8, Landmarks)>,
    /// The same as photographed people move: displacement for each unit of [`PeoplesUnit::effect`]. Those that too few
    /// of them show move as on scanned heads.
    pub on_people: Vec<PeoplesUnit>,
    /// What photographed people show.
    pub acting: PeoplesActing,
    /// (y, z) from the forehead down to the neck.
    pub midline: Vec<[f64; 2]>,
    pub sections: Vec<Section>,
}

/// What an action unit moves on photographed people.
#[derive(Debug, Clone)]
pub(crate) struct PeoplesUnit {
    pub au: u8,
    pub moves: Landmarks,
    /// Whether enough people showed it; else it is that of scanned heads.
    is_measured: bool,
}

/// Coders' letters bend: from A to D the mouth of AU20 widens by .017, .054, .117 and .203 eye distances, and others
/// alike. Displacements are those along a line through what is usual.
const USUAL_INTENSITY: f32 = 0.55;
const BEND: f32 = 0.7;

impl PeoplesUnit {
    /// The factor on the displacement at an intensity.
    pub fn effect(&self, intensity: f32) -> f32 {
        let bent = if self.is_measured { (intensity.max(0.0) / USUAL_INTENSITY).powf(BEND) } else { 1.0 };
        intensity * bent
    }
}

/// A horizontal cut through the right half of the face.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    pub name: String,
    pub y: f64,
    /// (x, z) from the midline outwards.
    pub points: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct AnthropometryFile {
    mean: Vec<[f32; 3]>,
    shape_components: Vec<ComponentRow>,
    action_units: Vec<ActionUnitRow>,
    midline: Vec<[f64; 2]>,
    cross_sections: Vec<Section>,
}

#[derive(Deserialize)]
struct ComponentRow {
    sd: f32,
    direction: Vec<[f32; 3]>,
}

#[derive(Deserialize)]
struct ActionUnitRow {
    au: u8,
    /// Landmark, dx, dy, dz.
    moves: Vec<(usize, f32, f32, f32)>,
}

#[derive(Deserialize)]
struct FaceMotionFile {
    action_units: Vec<FaceMotionRow>,
}

#[derive(Deserialize)]
struct FaceMotionRow {
    au: u8,
    /// Landmark, dx, dy.
    moves: Vec<(usize, f32, f32)>,
}

impl Anthropometry {
    /// Reads the embedded tables.
    pub fn embedded() -> Self {
        let file: AnthropometryFile = serde_json::from_str(include_str!("../data/head-measures.json"))
            .expect("the embedded table is tested to parse");
        let components = file.shape_components.iter();
        let components = components.map(|c| ShapeComponent { sd: c.sd, direction: landmarks(&c.direction) }).collect();
        let people: FaceMotionFile = serde_json::from_str(include_str!("../data/face-motion.json"))
            .expect("the embedded table is tested to parse");
        let action_units: Vec<(u8, Landmarks)> =
            file.action_units.iter().map(|row| (row.au, displacement(row))).collect();
        let on_people = |(au, on_heads): &(u8, Landmarks)| {
            let seen = people.action_units.iter().find(|seen| seen.au == *au);
            let moves = seen.map_or(*on_heads, |seen| from_the_front(seen, on_heads));
            PeoplesUnit { au: *au, moves, is_measured: seen.is_some() }
        };
        Anthropometry {
            mean: landmarks(&file.mean),
            components,
            on_people: action_units.iter().map(on_people).collect(),
            action_units,
            acting: PeoplesActing::embedded(),
            midline: file.midline,
            sections: file.cross_sections,
        }
    }

    /// Displacement of every landmark by action unit `au` at intensity 1; none where it was not measured.
    pub fn action_unit(&self, au: u8) -> Option<&Landmarks> {
        self.action_units.iter().find(|(number, _)| *number == au).map(|(_, moves)| moves)
    }
}

/// Depth grows with the rest of a unit up to this factor.
const MOST_DEPTH: f32 = 1.5;

/// Photographs show x and y; how far a landmark goes to the front is the scanned heads', as much more or less as the
/// whole unit moves.
fn from_the_front(seen: &FaceMotionRow, on_heads: &Landmarks) -> Landmarks {
    let size = |x: f32, y: f32| x * x + y * y;
    let moved: f32 = seen.moves.iter().map(|(_, dx, dy)| size(*dx, *dy)).sum();
    let ratio = (moved / on_heads.iter().map(|[dx, dy, _]| size(*dx, *dy)).sum::<f32>()).sqrt();
    let mut moves = [[0.0; 3]; N_LANDMARKS];
    for &(landmark, dx, dy) in &seen.moves {
        moves[landmark] = [dx, dy, ratio.min(MOST_DEPTH) * on_heads[landmark][2]];
    }
    moves
}

fn landmarks(rows: &[[f32; 3]]) -> Landmarks {
    rows.try_into().expect("the embedded table has 68 rows a head")
}

fn displacement(row: &ActionUnitRow) -> Landmarks {
    let mut moves = [[0.0; 3]; N_LANDMARKS];
    for &(landmark, dx, dy, dz) in &row.moves {
        moves[landmark] = [dx, dy, dz];
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_its_unit_is_the_eye_distance() {
        let anthropometry = Anthropometry::embedded();
        let centre = |from: usize| (from..from + 6).map(|k| anthropometry.mean[k][0]).sum::<f32>() / 6.0;
        assert!((centre(42) - centre(36) - 1.0).abs() < 0.05);
        assert_eq!(anthropometry.components.len(), 10);
        assert_eq!(anthropometry.action_units.len(), 20);
        assert!(anthropometry.action_unit(27).unwrap()[57][1] < -0.4, "an open jaw lowers the lower lip");
        let [stretch, frown] = [20, 4].map(|au| anthropometry.on_people.iter().find(|unit| unit.au == au).unwrap());
        assert!(stretch.moves[54][0] > 0.05 && stretch.moves[48][0] < -0.05, "AU20 widens the mouth");
        assert!(frown.moves[21][1] < -0.04 && frown.moves[21][0] > 0.03, "AU4 lowers and knits the brows");
        assert!((frown.effect(0.55) - 0.55).abs() < 1e-6 && frown.effect(0.2) < 0.11 && frown.effect(1.0) > 1.5);
    }
}
