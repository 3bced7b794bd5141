//! What cannot be meant is refused before any work: unknown adapters, values out of their ranges, settings that no
//! source reads.
//!
//! In: the command line's words and a request. Out: the same, or an error that says what to write instead.

use std::path::PathBuf;

use howfar_face::{Fault, closest_name};

use crate::database::{DATABASES, Database, adapter_names, find_database};
use crate::request::{Detect, PrepareRequest, Source};
use crate::setting::Setting;
use crate::spelling::in_short;

impl Source {
    /// Reads `ADAPTER:PATH`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let names = || adapter_names().join(", ");
        let Some((adapter, path)) = text.split_once(':').filter(|(_, path)| !path.is_empty()) else {
            return Err(Fault::usage(text, "this does not say which database it is")
                .expected(format!("ADAPTER:PATH with one of the adapters {}", names()))
                .hint(format!("for class folders of any kind: folder:{}", text.trim_end_matches(':'))));
        };
        let source = Source { adapter: adapter.to_owned(), path: PathBuf::from(path) };
        source.database()?;
        Ok(source)
    }

    /// The database of the adapter.
    pub(crate) fn database(&self) -> Result<&'static Database, Fault> {
        find_database(&self.adapter).ok_or_else(|| {
            let fault = Fault::usage(format!("{}:{}", self.adapter, self.path.display()), "unknown adapter")
                .found(&self.adapter)
                .expected(format!("one of {}", adapter_names().join(", ")));
            match closest_name(&self.adapter.to_lowercase(), adapter_names().iter().copied()) {
                Some(name) => fault.hint(format!("did you mean {name}?")),
                None => fault.hint("class folders of any kind are read by `folder`"),
            }
        })
    }
}

impl PrepareRequest {
    /// Refuses what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.sources.is_empty() {
            return Err(Fault::usage("prepare", "no database is named").expected("one ADAPTER:PATH or more"));
        }
        if !(16..=1024).contains(&self.size) {
            return Err(Fault::usage("--size", "not a usable size").found(self.size).expected("16 to 1024 pixels"));
        }
        if !(0.0..=1.0).contains(&self.max_losses) {
            return Err(Fault::usage("--max-losses", "not a share").found(self.max_losses).expected("0 to 1"));
        }
        if !(0.001..=10_000.0).contains(&self.max_megapixels) {
            return Err(Fault::usage("--max-megapixels", "not a usable number of pixels")
                .found(self.max_megapixels)
                .expected("0.001 to 10000, in millions"));
        }
        let repeated = self.expressions.iter().enumerate().find(|(i, e)| self.expressions[..*i].contains(e));
        if let Some((_, expression)) = repeated {
            return Err(Fault::usage("--expressions", "an expression is named twice").found(expression));
        }
        if self.expressions.is_empty() {
            return Err(Fault::usage("--expressions", "no expression is named").expected("one or more"));
        }
        if self.detector.is_some() && self.detect == Detect::None {
            return Err(Fault::usage("--detector", "a detector is given, but faces are not looked for")
                .hint("leave out --detect none, or --detector"));
        }
        self.settings.check(&self.expressions)?;
        check_settings(self)
    }
}

/// Refuses a setting that no source of the request reads.
fn check_settings(request: &PrepareRequest) -> Result<(), Fault> {
    let adapters = request.sources.iter().map(Source::database).collect::<Result<Vec<_>, _>>()?;
    let is_read = |setting: &Setting| adapters.iter().any(|adapter| adapter.reads(setting.flag()));
    let given = DATABASES.iter().flat_map(|adapter| adapter.settings).filter(|s| s.is_given(&request.settings));
    let Some(unread) = given.into_iter().find(|setting| !is_read(setting)) else { return Ok(()) };
    let flag = unread.flag();
    let readers: Vec<&str> = DATABASES.iter().filter(|adapter| adapter.reads(flag)).map(|a| a.name).collect();
    let sources: Vec<&str> = adapters.iter().map(|adapter| adapter.name).collect();
    Err(Fault::usage(flag, "no source of this command reads this setting")
        .found(in_short(&sources))
        .expected(format!("a source of {}", readers.join(", ")))
        .hint(format!("leave {flag} out; the adapter knows its database")))
}

#[cfg(test)]
mod tests {
    use howfar_face::Expression;

    use super::*;
    use crate::source_settings::{FolderClasses, LabelsFrom, Lights, SourceSettings, Turn, Views};

    /// A request of one source with one setting given.
    fn with(setting: Setting, adapter: &str) -> PrepareRequest {
        let source = Source { adapter: adapter.to_owned(), path: "x".into() };
        let mut request = PrepareRequest::new(vec![source], "out".into());
        let text = || Some("(?<x>a)".to_owned());
        let settings = &mut request.settings;
        match setting {
            Setting::SubjectPattern => settings.subject_pattern = text(),
            Setting::LabelPattern => settings.label_pattern = text(),
            Setting::LabelMap => settings.label_map = Some("map.csv".into()),
            Setting::ClassLevel => settings.class_level = Some(1),
            Setting::AnyClasses => settings.classes = FolderClasses::Any,
            Setting::LabelsFrom => settings.labels_from = LabelsFrom::Prompt,
            Setting::Grid => settings.grid = Some(2),
            Setting::Ignore => settings.ignore = vec!["x".to_owned()],
            Setting::Frames(default) => settings.frames = Some(default),
            Setting::NeutralFrames => {
                settings.neutral_frames = 1;
                request.expressions.push(Expression::Neutral);
            }
            Setting::Turn => settings.turn = Turn::None,
            Setting::Labels => settings.labels = Some("fer2013new.csv".into()),
            Setting::LabelColumn => settings.label_column = text(),
            Setting::SubjectColumn => settings.subject_column = text(),
            Setting::AllViews => settings.views = Views::All,
            Setting::AllLights => settings.lights = Lights::All,
            Setting::Confidence(default) => settings.confidence = Some(default),
        }
        request
    }

    #[test]
    fn a_setting_is_refused_by_every_adapter_that_does_not_read_it_also_where_its_value_is_the_default() {
        for setting in DATABASES.iter().flat_map(|adapter| adapter.settings) {
            for adapter in DATABASES {
                let request = with(*setting, adapter.name);
                assert!(setting.is_given(&request.settings), "{}", setting.flag());
                let outcome = request.check();
                let (flag, name) = (setting.flag(), adapter.name);
                assert_eq!(outcome.is_ok(), adapter.reads(flag), "{flag} {name}: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_setting_that_one_of_two_sources_reads_is_kept() {
        let mut request = with(Setting::SubjectPattern, "folder");
        request.sources.push(Source { adapter: "jaffe".to_owned(), path: "y".into() });
        assert_eq!(request.check(), Ok(()));
    }

    #[test]
    fn a_source_needs_a_known_adapter_and_a_path() {
        let source = Source::parse("folder:C:\\faces").unwrap();
        assert_eq!((source.adapter.as_str(), source.path), ("folder", PathBuf::from("C:\\faces")));
        for (text, what) in [
            ("jafe:x", "did you mean jaffe?"),
            ("faces", "folder:faces"),
            ("rafd:", "ADAPTER:PATH"),
            ("zzz:x", "class folders"),
        ] {
            let fault = Source::parse(text).unwrap_err();
            assert!(fault.to_string().contains(what), "{fault}");
        }
    }

    #[test]
    fn nonsense_is_refused_before_any_work() {
        let request = || PrepareRequest::new(vec![Source::parse("jaffe:x").unwrap()], "out".into());
        let folder = || vec![Source::parse("folder:x").unwrap()];
        assert_eq!(request().check(), Ok(()));
        let cases = [
            PrepareRequest { sources: vec![], ..request() },
            PrepareRequest { size: 4, ..request() },
            PrepareRequest { settings: SourceSettings { frames: Some(0), ..SourceSettings::default() }, ..request() },
            PrepareRequest { max_losses: 1.5, ..request() },
            PrepareRequest {
                settings: SourceSettings { turn: Turn::By(45), ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest { detector: Some("d.onnx".into()), detect: Detect::None, ..request() },
            PrepareRequest { expressions: vec![], ..request() },
            PrepareRequest { expressions: vec![Expression::Fear, Expression::Fear], ..request() },
            PrepareRequest { max_megapixels: f64::NAN, ..request() },
            PrepareRequest { max_megapixels: 0.0, ..request() },
            PrepareRequest { settings: SourceSettings { neutral_frames: 1, ..SourceSettings::default() }, ..request() },
            PrepareRequest { settings: SourceSettings { grid: Some(1), ..SourceSettings::default() }, ..request() },
            PrepareRequest {
                settings: SourceSettings { labels: Some("fer2013new.csv".into()), ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest {
                expressions: vec![Expression::Neutral],
                settings: SourceSettings { neutral_frames: 1, ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest {
                settings: SourceSettings { subject_pattern: Some("(".into()), ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest {
                settings: SourceSettings { subject_pattern: Some("(s.)".into()), ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest {
                sources: folder(),
                settings: SourceSettings { class_level: Some(0), ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest {
                sources: folder(),
                settings: SourceSettings { label_pattern: Some("(s.)".into()), ..SourceSettings::default() },
                ..request()
            },
            PrepareRequest {
                sources: folder(),
                settings: SourceSettings {
                    label_pattern: Some("(?<label>.)".into()),
                    class_level: Some(1),
                    ..SourceSettings::default()
                },
                ..request()
            },
        ];
        for case in cases {
            assert!(case.check().is_err(), "{case:?}");
        }
    }
}
