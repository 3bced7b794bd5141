//! `--rig`: whose geometry `howfar draw` draws, and what the face set says about it.
//!
//! In: the argument. Out: an opened rig; licence, generator and caveats of the set. Draws nothing.

use std::path::Path;

use howfar_draw::IctRig;
use howfar_face::{FaceSetInfo, Fault};

use crate::console::Console;

/// Terms of what is drawn with the shapes of ICT FaceKit.
const ICT_TERMS: &str = "drawn by howfar with the shapes of ICT FaceKit, MIT, University of Southern California \
    (Copyright (c) 2020 USC Institute for Creative Technologies)";

/// Opens what `--rig` names: nothing for our own head, or `ict:FOLDER`.
pub fn open(argument: Option<&str>, console: &Console) -> Result<Option<IctRig>, Fault> {
    let Some(argument) = argument else { return Ok(None) };
    match argument.split_once(':') {
        Some(("ict", folder)) if !folder.is_empty() => {
            console.note(&format!("reading ICT FaceKit from {folder}"));
            IctRig::open(Path::new(folder)).map(Some)
        }
        _ => Err(Fault::usage("--rig", "unknown rig")
            .found(argument)
            .expected("ict:FOLDER, the folder of a checkout of ICT FaceKit")
            .hint("leave --rig out to draw our own head")),
    }
}

/// What the set says about the rig. The hash in the settings keeps a stopped set from going on with another rig.
pub fn record(rig: &IctRig, info: &mut FaceSetInfo) {
    for licence in &mut info.licences {
        ICT_TERMS.clone_into(&mut licence.terms);
    }
    if let Some(generator) = &mut info.generator {
        generator.name.push_str(", shapes of ICT FaceKit");
        generator.settings.insert_str(0, &format!("# rig ICT FaceKit, sha256 of its shapes {}\n", rig.fingerprint()));
    }
    info.caveats.push(
        "Head shapes and expression shapes are those of ICT FaceKit; the heads were learned from scans.".to_owned(),
    );
}
