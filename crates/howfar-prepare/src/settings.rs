//! Which adapter reads which setting: the one table of it, so that no setting is ever passed over in silence.
//!
//! In: a request. Out: an error for a setting that none of its sources reads. Settings that every adapter follows
//! (size, expressions, …) are not in the table.

use howfar_face::Fault;

use crate::request::{FolderClasses, LabelsFrom, Lights, PrepareRequest, Turn, Views};
use crate::spelling::in_short;

/// A setting and the adapters that read it.
struct Setting {
    flag: &'static str,
    /// Whether the request asks for something else than the default.
    is_set: fn(&PrepareRequest) -> bool,
    adapters: &'static [&'static str],
}

static SETTINGS: [Setting; 17] = [
    Setting { flag: "--subject-pattern", is_set: |r| r.subject_pattern.is_some(), adapters: &["folder", "hf"] },
    Setting { flag: "--label-pattern", is_set: |r| r.label_pattern.is_some(), adapters: &["folder"] },
    Setting { flag: "--label-map", is_set: |r| r.label_map.is_some(), adapters: &["folder", "hf"] },
    Setting { flag: "--class-level", is_set: |r| r.class_level.is_some(), adapters: &["folder"] },
    Setting { flag: "--any-classes", is_set: |r| r.classes == FolderClasses::Any, adapters: &["folder", "hf"] },
    Setting {
        flag: "--ignore",
        is_set: |r| !r.ignore.is_empty(),
        adapters: &["folder", "hf", "ckplus48", "fer2013", "rafdb"],
    },
    Setting { flag: "--frames", is_set: |r| r.frames != 3, adapters: &["ckplus", "oulu", "mmi"] },
    Setting { flag: "--neutral-frames", is_set: |r| r.neutral_frames > 0, adapters: &["ckplus", "oulu", "mmi"] },
    Setting { flag: "--turn", is_set: |r| r.turn != Turn::Auto, adapters: &["mmi"] },
    Setting { flag: "--labels", is_set: |r| r.labels.is_some(), adapters: &["fer2013"] },
    Setting { flag: "--label-column", is_set: |r| r.label_column.is_some(), adapters: &["folder", "hf"] },
    Setting { flag: "--subject-column", is_set: |r| r.subject_column.is_some(), adapters: &["folder", "hf"] },
    Setting { flag: "--all-views", is_set: |r| r.views == Views::All, adapters: &["rafd", "kdef", "mmi"] },
    Setting { flag: "--all-lights", is_set: |r| r.lights == Lights::All, adapters: &["oulu"] },
    Setting { flag: "--confidence", is_set: |r| r.confidence != 60.0, adapters: &["expw"] },
    Setting { flag: "--labels-from", is_set: |r| r.labels_from != LabelsFrom::Folders, adapters: &["folder"] },
    Setting { flag: "--grid", is_set: |r| r.grid.is_some(), adapters: &["folder"] },
];

/// Refuses a setting that no source of the request reads.
pub(crate) fn check(request: &PrepareRequest) -> Result<(), Fault> {
    let read = |setting: &Setting| request.sources.iter().any(|s| setting.adapters.contains(&s.adapter.as_str()));
    match SETTINGS.iter().find(|setting| (setting.is_set)(request) && !read(setting)) {
        None => Ok(()),
        Some(setting) => {
            let sources: Vec<&str> = request.sources.iter().map(|s| s.adapter.as_str()).collect();
            Err(Fault::usage(setting.flag, "no source of this command reads this setting")
                .found(in_short(&sources))
                .expected(format!("a source of {}", setting.adapters.join(", ")))
                .hint(format!("leave {} out; the adapter knows its database", setting.flag)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_face::Expression;

    use crate::database::adapter_names;
    use crate::request::Source;

    /// A request of one source with one setting of the table.
    fn with(flag: &str, adapter: &str) -> PrepareRequest {
        let source = Source { adapter: adapter.to_owned(), path: "x".into() };
        let mut request = PrepareRequest::new(vec![source], "out".into());
        let text = || Some("(?<x>a)".to_owned());
        match flag {
            "--subject-pattern" => request.subject_pattern = text(),
            "--label-pattern" => request.label_pattern = text(),
            "--label-map" => request.label_map = Some("map.csv".into()),
            "--class-level" => request.class_level = Some(1),
            "--any-classes" => request.classes = FolderClasses::Any,
            "--ignore" => request.ignore = vec!["x".to_owned()],
            "--frames" => request.frames = 1,
            "--neutral-frames" => {
                request.neutral_frames = 1;
                request.expressions.push(Expression::Neutral);
            }
            "--turn" => request.turn = Turn::None,
            "--labels" => request.labels = Some("fer2013new.csv".into()),
            "--label-column" => request.label_column = text(),
            "--subject-column" => request.subject_column = text(),
            "--all-views" => request.views = Views::All,
            "--all-lights" => request.lights = Lights::All,
            "--confidence" => request.confidence = 10.0,
            "--labels-from" => request.labels_from = LabelsFrom::Prompt,
            "--grid" => request.grid = Some(2),
            other => panic!("{other} has no value here"),
        }
        request
    }

    #[test]
    fn a_setting_is_refused_by_every_adapter_that_does_not_read_it() {
        for setting in &SETTINGS {
            for adapter in setting.adapters {
                assert!(adapter_names().contains(adapter), "{}: {adapter}", setting.flag);
            }
            for adapter in adapter_names() {
                let request = with(setting.flag, adapter);
                assert!((setting.is_set)(&request), "{}", setting.flag);
                let outcome = request.check();
                assert_eq!(
                    outcome.is_ok(),
                    setting.adapters.contains(adapter),
                    "{} {adapter}: {outcome:?}",
                    setting.flag
                );
            }
        }
    }

    #[test]
    fn a_setting_that_one_of_two_sources_reads_is_kept() {
        let mut request = with("--subject-pattern", "folder");
        request.sources.push(Source { adapter: "jaffe".to_owned(), path: "y".into() });
        assert_eq!(request.check(), Ok(()));
    }
}
