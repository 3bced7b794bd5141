//! A user's checkout of ICT FaceKit: meshes, and the list of their landmarks.
//!
//! A whole one has 130 files of 26,000 vertices; this one has the neutral head alone, as small as it can be. What is
//! complained of behind it is the first shape, which is missing.

use std::fmt::Write as _;
use std::path::Path;

use howfar_draw::IctRig;

use crate::target::{Seeds, Target, is_taken, put};

const MESH: &str = "FaceXModel/generic_neutral_mesh.obj";
const LANDMARKS: &str = "FaceXModel/vertex_indices.json";
const SHAPE: &str = "FaceXModel/identity000.obj";

/// The neutral head.
pub(crate) const RIG: Target =
    Target::text("rig-mesh", |place| files(place, MESH), |place, bytes| read(place, MESH, bytes));
/// The list of its landmarks.
pub(crate) const RIG_LIST: Target =
    Target::text("rig-landmarks", |place| files(place, LANDMARKS), |place, bytes| read(place, LANDMARKS, bytes));
/// A shape of it.
pub(crate) const RIG_SHAPE: Target =
    Target::text("rig-shape", |place| files(place, SHAPE), |place, bytes| read(place, SHAPE, bytes));

fn read(place: &Path, changed: &str, bytes: &[u8]) -> bool {
    put(place, changed, bytes);
    let Err(fault) = IctRig::open(place) else { return true };
    is_taken::<()>(Err(fault.clone()));
    fault.place().contains("identity") && fault.what().contains("no such file")
}

/// Vertices of each part: face, neck, mouth socket, eye sockets, gums, teeth, scleras.
const PARTS: [(&str, usize); 9] = [
    ("M_Face", 70),
    ("M_BackHead", 4),
    ("", 4),
    ("", 4),
    ("", 4),
    ("M_GumsTongue", 4),
    ("M_Teeth", 4),
    ("M_ScleraRight", 4),
    ("M_ScleraLeft", 4),
];

fn mesh() -> String {
    let (mut vertices, mut faces, mut first) = (String::new(), String::new(), 1);
    for (name, n) in PARTS {
        if !name.is_empty() {
            let _ = writeln!(faces, "usemtl {name}");
        }
        for i in 0..n {
            let _ = writeln!(vertices, "v {} {} {}.5", first + i, i * i, (first + i) % 7);
        }
        for i in 0..n - 2 {
            let _ = writeln!(faces, "f {}/1 {}/1 {}/1", first + i, first + i + 1, first + i + 2);
        }
        first += n;
    }
    format!("# a head\n{vertices}vt 0 0\n{faces}")
}

fn files(place: &Path, changed: &str) -> Seeds {
    let landmarks: Vec<usize> = (0..68).collect();
    let list = serde_json::json!({"idx_to_landmark_verts": landmarks, "more": [1, 2]}).to_string();
    let all = [(MESH, mesh()), (LANDMARKS, list), (SHAPE, mesh())];
    all.iter().for_each(|(name, text)| put(place, name, text.as_bytes()));
    Ok(all.iter().filter(|(name, _)| *name == changed).map(|(_, text)| text.as_bytes().to_vec()).collect())
}
