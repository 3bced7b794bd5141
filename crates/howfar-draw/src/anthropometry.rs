//! What was measured on heads: mean landmarks, how people differ, what each action unit moves, profile and sections.
//!
//! In: the embedded table `data/head-measures.json`. Out: `Anthropometry`, in eye distances. Holds figures, no
//! geometry.

use serde::Deserialize;

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
    /// (y, z) from the forehead down to the neck.
    pub midline: Vec<[f64; 2]>,
    pub sections: Vec<Section>,
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

impl Anthropometry {
    /// Reads the embedded table.
    pub fn embedded() -> Self {
        let file: AnthropometryFile = serde_json::from_str(include_str!("../data/head-measures.json"))
            .expect("the embedded table is tested to parse");
        let components = file.shape_components.iter();
        let components = components.map(|c| ShapeComponent { sd: c.sd, direction: landmarks(&c.direction) }).collect();
        Anthropometry {
            mean: landmarks(&file.mean),
            components,
            action_units: file.action_units.iter().map(|row| (row.au, displacement(row))).collect(),
            midline: file.midline,
            sections: file.cross_sections,
        }
    }

    /// Displacement of every landmark by action unit `au` at intensity 1; none where it was not measured.
    pub fn action_unit(&self, au: u8) -> Option<&Landmarks> {
        self.action_units.iter().find(|(number, _)| *number == au).map(|(_, moves)| moves)
    }
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
    }
}
