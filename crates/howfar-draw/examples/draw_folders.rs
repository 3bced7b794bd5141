//! Writes class folders of PNG pictures and a contact sheet, for eyes and for tools that read folders.
//!
//! Usage: `draw_folders OUT STYLE PEOPLE SEED [SIZE [ICT_FACEKIT]]`

#![expect(clippy::print_stderr, reason = "a tool for the workshop")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use howfar_draw::{AU_NAMES, HeadModel, IctRig, SetRequest, Style, draw_set};
use howfar_face::{Expression, Face, Fault, Picture, encode_png};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, style, people, seed, rest @ ..] = arguments.as_slice() else {
        return Err("usage: draw_folders OUT STYLE PEOPLE SEED [SIZE [ICT_FACEKIT]]".into());
    };
    let style = match Style::named(style) {
        Some(style) => style,
        None => Style::from_toml(&std::fs::read_to_string(style)?)?,
    };
    let size: u32 = rest.first().map_or(Ok(64), |s| s.parse())?;
    let expressions = &Expression::ALL[..7];
    for expression in expressions {
        std::fs::create_dir_all(Path::new(out).join(expression.name()))?;
    }
    let start = Instant::now();
    let rig = rest.get(1).map(|folder| IctRig::open(Path::new(folder))).transpose()?;
    if rig.is_none() {
        HeadModel::shared();
    }
    eprintln!("head built in {:.2} s", start.elapsed().as_secs_f64());
    let (start, mut faces) = (Instant::now(), Vec::new());
    let request =
        SetRequest { rig: rig.as_ref(), ..SetRequest::new(&style, seed.parse()?, people.parse()?, expressions, size) };
    draw_set(&request, 0, &mut |_| ControlFlow::Continue(()), &mut |f| {
        faces.push(f);
        Ok::<(), Fault>(())
    })?;
    eprintln!("{:.0} faces a second", faces.len() as f64 / start.elapsed().as_secs_f64());
    for face in &faces {
        let labels = &face.labels;
        let file = format!("{}/{}.png", expressions[labels.label], labels.subject.person());
        std::fs::write(Path::new(out).join(file), encode_png(&face.picture))?;
    }
    std::fs::write(Path::new(out).join("action_units.csv"), action_units(&faces, expressions))?;
    let columns = (faces.len() / 7).min(16);
    let side = size as usize;
    let mut sheet = vec![0; columns * side * 7 * side];
    for face in faces.iter().take(columns * 7).enumerate().map(|(i, f)| (i / 7, f.labels.label, f)) {
        let (column, row, face) = face;
        for y in 0..side {
            let start = (row * side + y) * columns * side + column * side;
            sheet[start..start + side].copy_from_slice(&face.picture.data[y * side..(y + 1) * side]);
        }
    }
    let sheet = Picture::gray((columns * side) as u32, (7 * side) as u32, sheet);
    std::fs::write(Path::new(out).join("sheet.png"), encode_png(&sheet))?;
    Ok(())
}

/// A line a face: expression, person, then every action unit.
fn action_units(faces: &[Face], expressions: &[Expression]) -> String {
    let line = |face: &Face| {
        let labels = &face.labels;
        let aus = labels.drawn.iter().flat_map(|drawn| &drawn.action_units).map(|v| format!(",{v:.3}"));
        format!("{},{}{}\n", expressions[labels.label], labels.subject.person(), aus.collect::<String>())
    };
    format!("expression,person,{}\n", AU_NAMES.join(",")) + &faces.iter().map(line).collect::<String>()
}
