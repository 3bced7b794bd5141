//! `howfar style chart --out DIR`: the pictures of docs/drawn-faces.md.

use std::path::PathBuf;

use howfar_draw::{AU_NAMES, Action, FaceSpec, HeadModel, STYLE_NAMES, Style, TruncatedNormal, Uniform, draw_face};
use howfar_face::{Expression, Fault, Picture, encode_png, files};
use howfar_picture::{ChartCell, chart};

use crate::console::Console;

/// Draw charts of what the parameters of drawn faces do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar style chart --out docs/pictures")]
pub struct Args {
    /// The folder to write the PNG files to.
    #[arg(long)]
    out: PathBuf,
    /// studio, wild, unseen or a style file of your own.
    #[arg(long, default_value = "studio", value_name = "NAME|FILE.toml")]
    style: String,
    /// The seed; with an identity's number it fixes the face.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The identity whose face the rows of one parameter show.
    #[arg(long, default_value_t = 3)]
    person: u32,
}

/// Pixels a side of a face.
const SIDE: u32 = 128;
/// Pixels a side where many faces stand on one chart.
const SMALL_SIDE: u32 = 96;
/// Identities of the sheet of expressions.
const N_PEOPLE: u32 = 6;
/// Intensities of a row.
const INTENSITIES: [f32; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];

/// What FACS calls the action units, in the order of `AU_NAMES`.
const AU_WORDS: [&str; AU_NAMES.len()] = [
    "inner brow raiser",
    "outer brow raiser",
    "brow lowerer",
    "upper lid raiser",
    "cheek raiser",
    "lid tightener",
    "nose wrinkler",
    "upper lip raiser",
    "lip corner puller",
    "dimpler",
    "lip corner depressor",
    "lower lip depressor",
    "chin raiser",
    "lip stretcher",
    "lip tightener",
    "lip pressor",
    "lips part",
    "jaw drop",
    "mouth stretch",
    "eyes closed",
];

/// Draws every chart.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let studio = Studio { style: Style::find("--style", &args.style)?, seed: args.seed, sitter: args.person };
    let charts = [
        ("drawn-expressions.png", studio.expressions()),
        ("drawn-intensity.png", studio.intensities()),
        ("drawn-action-units.png", studio.action_units()),
        ("drawn-pose.png", studio.poses()),
        ("drawn-light.png", studio.lights()),
        ("drawn-styles.png", styles(args.seed)?),
    ];
    files::create_folder(&args.out)?;
    for (name, rows) in charts {
        let picture = chart(&rows)?;
        let png = encode_png(&picture);
        files::write(&args.out.join(name), &png)?;
        let (path, kilobytes) = (args.out.join(name), png.len().div_ceil(1000));
        console.note(&format!("wrote {} ({}×{}, {kilobytes} kB)", path.display(), picture.width, picture.height));
    }
    Ok(())
}

type Rows = Vec<Vec<ChartCell>>;

/// Whose faces a chart shows.
struct Studio {
    style: Style,
    seed: u64,
    /// The identity of the rows that vary one thing.
    sitter: u32,
}

impl Studio {
    fn face(&self, style: &Style, spec: &FaceSpec, side: u32) -> Picture {
        let drawn = draw_face(HeadModel::shared(), style, self.seed, spec, side);
        Picture::gray(side, side, drawn.pixels)
    }

    /// The style with the camera straight ahead and no noise, so that a row varies one thing only.
    fn still(&self) -> Style {
        let mut style = self.style.clone();
        let camera = &mut style.camera;
        [&mut camera.yaw_deg, &mut camera.pitch_deg, &mut camera.roll_deg]
            .into_iter()
            .for_each(|normal| *normal = at(0.0));
        style.tone.noise_levels = Uniform(0.0, 0.0);
        style
    }

    fn expressions(&self) -> Rows {
        let cell = |person, expression: Expression| {
            let picture = self.face(&self.style, &FaceSpec::full(person, expression), SMALL_SIDE);
            ChartCell::new("", picture).note(if person == 0 { expression.name() } else { "" })
        };
        (0..N_PEOPLE).map(|person| Expression::ALL.map(|expression| cell(person, expression)).to_vec()).collect()
    }

    fn intensities(&self) -> Rows {
        let style = self.still();
        let row = |expression: Expression| {
            INTENSITIES.map(|intensity| {
                let spec = FaceSpec { intensity, ..FaceSpec::full(self.sitter, expression) };
                ChartCell::new("", self.face(&style, &spec, SMALL_SIDE))
                    .note(&format!("{} {intensity:.1}", expression.name()))
            })
        };
        Expression::SIX.map(|expression| row(expression).to_vec()).to_vec()
    }

    fn action_units(&self) -> Rows {
        let style = self.still();
        let at_rest = self.face(&style, &FaceSpec::full(self.sitter, Expression::Neutral), SIDE);
        let mut cells = vec![ChartCell::new("none", at_rest).note("neutral")];
        for (name, words) in AU_NAMES.iter().zip(AU_WORDS) {
            let style = acting_only(&style, name);
            // Any expression will do: the style gives it this action unit alone.
            let picture = self.face(&style, &FaceSpec::full(self.sitter, Expression::Anger), SIDE);
            cells.push(ChartCell::new(name, picture).note(words));
        }
        cells.chunks(7).map(<[ChartCell]>::to_vec).collect()
    }

    fn poses(&self) -> Rows {
        type Turn = (&'static str, fn(&mut Style) -> &mut TruncatedNormal, [f32; 5]);
        let turns: [Turn; 3] = [
            ("yaw", |style| &mut style.camera.yaw_deg, [-30.0, -15.0, 0.0, 15.0, 30.0]),
            ("pitch", |style| &mut style.camera.pitch_deg, [-20.0, -10.0, 0.0, 10.0, 20.0]),
            ("roll", |style| &mut style.camera.roll_deg, [-15.0, -7.0, 0.0, 7.0, 15.0]),
        ];
        let row = |(name, normal, degrees): Turn| {
            degrees.map(|degree| {
                let mut style = self.still();
                *normal(&mut style) = at(degree);
                self.neutral(&style).note(&format!("{name} {degree:+.0}°"))
            })
        };
        turns.map(|turn| row(turn).to_vec()).to_vec()
    }

    fn lights(&self) -> Rows {
        let lit = |azimuth: f32, elevation: f32, words: String| {
            let mut style = self.still();
            style.light.azimuth_deg = at(azimuth);
            style.light.elevation_deg = Uniform(elevation, elevation);
            self.neutral(&style).note(&words)
        };
        vec![
            [-70.0, -35.0, 0.0, 35.0, 70.0].map(|a| lit(a, 20.0, format!("azimuth {a:+.0}°"))).to_vec(),
            [-20.0, 5.0, 30.0, 55.0, 80.0].map(|e| lit(0.0, e, format!("elevation {e:+.0}°"))).to_vec(),
        ]
    }

    fn neutral(&self, style: &Style) -> ChartCell {
        ChartCell::new("", self.face(style, &FaceSpec::full(self.sitter, Expression::Neutral), SMALL_SIDE))
    }
}

fn at(mean: f32) -> TruncatedNormal {
    TruncatedNormal { mean, sd: 0.0 }
}

/// A style whose anger is one action unit at full intensity, alike on both sides.
fn acting_only(style: &Style, au_name: &str) -> Style {
    let mut style = style.clone();
    let au = au_name.trim_start_matches("AU").parse().expect("AU_NAMES are AU and a number");
    let action = Action { au, probability: 1.0, intensity: Uniform(1.0, 1.0), otherwise: None, one_side: false };
    (style.acting.strength, style.acting.asymmetry) = (Uniform(1.0, 1.0), 0.0);
    style.acting.expressions.insert(Expression::Anger, vec![action]);
    style
}

/// The embedded styles one below the other: three identities of each, with two expressions.
fn styles(seed: u64) -> Result<Rows, Fault> {
    let row = |name: &str| {
        let studio = Studio { style: Style::find("--style", name)?, seed, sitter: 0 };
        let cell = |i: u32| {
            let (person, expression) = (i / 2, [Expression::Neutral, Expression::Happiness][i as usize % 2]);
            let picture = studio.face(&studio.style, &FaceSpec::full(person, expression), SMALL_SIDE);
            ChartCell::new("", picture).note(if i == 0 { name } else { "" })
        };
        Ok((0..8).map(cell).collect())
    };
    STYLE_NAMES.into_iter().map(row).collect()
}
