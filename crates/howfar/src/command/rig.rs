//! `--rig`: whose geometry `howfar draw` draws, and what the face set says about it.
//!
//! In: the argument. Out: an opened rig; licence, generator and caveats of the set. Draws nothing.

use std::path::Path;

use howfar_draw::{IctRig, Rig, Style};
use howfar_face::{FaceSetInfo, Fault};

use crate::console::Console;

/// An opened rig.
pub enum OpenRig {
    /// The head of this program.
    Own,
    /// A checkout of ICT FaceKit.
    Ict(Box<IctRig>),
}

impl OpenRig {
    /// The rig to draw with.
    pub fn borrowed(&self) -> Rig<'_> {
        match self {
            OpenRig::Own => Rig::own(),
            OpenRig::Ict(rig) => Rig::Ict(rig),
        }
    }
}

/// Opens what `--rig` names: nothing for our own head, or `ict:FOLDER`.
pub fn open(argument: Option<&str>, console: &Console) -> Result<OpenRig, Fault> {
    let Some(argument) = argument else { return Ok(OpenRig::Own) };
    match argument.split_once(':') {
        Some(("ict", folder)) if !folder.is_empty() => {
            console.note(&format!("reading ICT FaceKit from {folder}"));
            Ok(OpenRig::Ict(Box::new(IctRig::open(Path::new(folder))?)))
        }
        _ => Err(Fault::usage("--rig", "unknown rig")
            .found(argument)
            .expected("ict:FOLDER, the folder of a checkout of ICT FaceKit")
            .hint("leave --rig out to draw our own head")),
    }
}

/// What the set says about the rig; for our own head nothing changes.
pub fn record(rig: Rig<'_>, mut info: FaceSetInfo, style: &Style, seed: u64) -> FaceSetInfo {
    let Some(title) = rig.title() else { return info };
    for licence in &mut info.licences {
        licence.database = rig.database(&style.name, seed);
        licence.terms = rig.terms().to_owned();
    }
    if let Some(generator) = &mut info.generator {
        generator.name.push_str(&format!(", shapes of {title}"));
    }
    info.caveats
        .push(format!("Head shapes and expression shapes are those of {title}; the heads were learned from scans."));
    info
}
