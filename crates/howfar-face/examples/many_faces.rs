//! Writes a face set of very many made faces, to see what reading, mixing and training of them takes:
//! `cargo run --release -p howfar-face --example many_faces -- FOLDER 1000000 48`.
//!
//! In: a folder, a number of faces, pixels a side. Out: a face set of identities with six faces each, one for every
//! expression. A face is a smooth pattern of its identity and its expression; nothing is learnt from them but the time.

use std::path::Path;

use howfar_face::{
    Expression, Face, FaceLabels, FaceSetInfo, FaceSetWriter, Fault, Picture, Preprocessing, Provenance, SubjectId,
};

const FACES_AN_IDENTITY: u64 = 6;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, n_faces, side] = arguments.as_slice() else {
        return Err(Fault::usage("many_faces", "give a folder, a number of faces and pixels a side"));
    };
    let number = |text: &String| text.parse::<u64>().map_err(|e| Fault::usage("many_faces", e.to_string()));
    let (n_faces, side) = (number(n_faces)?, number(side)? as u32);
    let classes: Vec<String> = Expression::SIX.iter().map(|expression| expression.name().to_owned()).collect();
    let info = FaceSetInfo::new("many", classes, Preprocessing::standard("none", "none", side));
    let mut writer = FaceSetWriter::create(Path::new(folder), info)?;
    for i in 0..n_faces {
        let (identity, label) = (i / FACES_AN_IDENTITY, (i % FACES_AN_IDENTITY) as usize);
        let subject = SubjectId::new("many", &format!("p{identity:08}"))?;
        let labels = FaceLabels { source: i.to_string(), ..FaceLabels::of(label, subject, Provenance::Generated) };
        writer.push(&Face { picture: pattern(identity, label, side), labels })?;
    }
    writer.finish()?;
    Ok(())
}

/// Waves whose lengths and places are the identity's, bent by the expression.
fn pattern(identity: u64, label: usize, side: u32) -> Picture {
    let mixed = identity.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let part = |shift: u32| ((mixed >> shift) & 0xFF) as f32 / 255.0;
    let (long, tilt, phase) = (0.1 + 0.3 * part(0), part(8) - 0.5, 6.0 * part(16));
    let bend = 0.02 * label as f32;
    let level = |i: u32| {
        let (x, y) = ((i % side) as f32, (i / side) as f32);
        let wave = (long * (x + tilt * y) + phase).sin() + (0.3 * y + bend * x + 9.0 * part(24)).cos();
        (127.5 + 60.0 * wave) as u8
    };
    Picture { width: side, height: side, channels: 1, data: (0..side * side).map(level).collect() }
}
