//! What `generator evaluate` answers, as JSON and as words. In: figures. Out: text. Computes nothing.

use std::fmt;

use howfar_evaluate::distance::{IdentityKept, N_NEIGHBOURS, Overlap};
use howfar_evaluate::{ClassFigures, Measure};
use serde::Serialize;

/// Everything that is measured; of distances less is nearer, of shares more.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// What the faces are compared by.
    pub features: String,
    /// Real faces that all others are compared with: half of the real people.
    pub n_real_faces: usize,
    pub classes: Vec<String>,
    pub n_generated_left_out: u64,
    pub n_real_left_out: u64,
    /// All generated faces.
    pub generated: Comparison,
    /// As many generated faces as the reference has: the figures to hold beside it.
    pub generated_at_equal_count: Comparison,
    /// The reference: the other half of the real people.
    pub real: Comparison,
    pub diversity: Vec<AtCount>,
    /// How often a face's nearest neighbour is of the same person; none where nobody has two faces.
    pub generated_identity: Option<IdentityKept>,
    /// The same of the real faces of both halves.
    pub real_identity: Option<IdentityKept>,
    /// None where howfar's network does not know the classes or the size of the faces.
    pub generated_labels: Option<LabelAgreement>,
    pub real_labels: Option<LabelAgreement>,
}

/// A set against half of the real people.
#[derive(Debug, Serialize)]
pub struct Comparison {
    pub n_faces: usize,
    pub frechet_distance: f64,
    pub kernel_distance: f64,
    #[serde(flatten)]
    pub overlap: Overlap,
}

/// Coverage by the first people of a set.
#[derive(Debug, Serialize)]
pub struct AtCount {
    /// Share of the people, 0 to 1.
    pub share: f64,
    pub n_faces: usize,
    pub coverage: f64,
    /// The same share of the other half of the real people.
    pub reference_n_faces: usize,
    pub reference: f64,
}

/// How often the network gives faces their own label, choosing among `classes`.
#[derive(Debug, Serialize)]
pub struct LabelAgreement {
    /// Every measure, as if labels were the truth.
    #[serde(flatten)]
    pub figures: howfar_evaluate::Figures,
    /// Of the classes that faces are of.
    pub per_class: Vec<ClassFigures>,
}

/// A number of a comparison.
type Figure = fn(&Comparison) -> f64;

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "features: {}", self.features)?;
        writeln!(
            f,
            "each against {} real faces (half of the people); k = {N_NEIGHBOURS} neighbours\n",
            self.n_real_faces
        )?;
        let columns = [&self.generated, &self.generated_at_equal_count, &self.real];
        writeln!(f, "{:24}{:>12}{:>12}{:>14}", "", "generated", "generated", "other real")?;
        let [a, b, c] = columns.map(|column| column.n_faces);
        writeln!(f, "{:24}{a:>12}{b:>12}{c:>14}", "faces")?;
        let rows: [(&str, Figure); 6] = [
            ("Fréchet distance", |c| c.frechet_distance),
            ("kernel distance", |c| c.kernel_distance),
            ("precision", |c| c.overlap.precision),
            ("recall", |c| c.overlap.recall),
            ("density", |c| c.overlap.density),
            ("coverage", |c| c.overlap.coverage),
        ];
        for (name, figure) in rows {
            let [a, b, c] = columns.map(figure);
            writeln!(f, "{name:24}{a:>12.3}{b:>12.3}{c:>14.3}")?;
        }
        writeln!(f, "\ncoverage by count")?;
        for at in &self.diversity {
            let share = format!("1/{:.0} of the people", 1.0 / at.share);
            let [generated, real] = [(at.coverage, at.n_faces), (at.reference, at.reference_n_faces)]
                .map(|(coverage, n)| format!("{coverage:.3} ({n} faces)"));
            writeln!(f, "{share:24}{generated:>24}{real:>24}")?;
        }
        self.identity(f)?;
        self.labels(f)
    }
}

impl Figures {
    fn identity(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(generated) = &self.generated_identity else { return Ok(()) };
        writeln!(f, "\n{:24}{:>12}{:>26}", "identity kept", "generated", "real, both halves")?;
        let real = self.real_identity.as_ref();
        let mut row = |name: &str, figure: fn(&IdentityKept) -> String| {
            writeln!(f, "{name:24}{:>12}{:>26}", figure(generated), real.map_or("–".to_owned(), figure))
        };
        row("people", |kept| kept.n_people.to_string())?;
        row("faces", |kept| kept.n_faces.to_string())?;
        row("nearest is the same", |kept| format!("{:.1} %", kept.kept_percent))?;
        row("by chance", |kept| format!("{:.1} %", kept.chance_percent))
    }

    fn labels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(generated), Some(real)) = (&self.generated_labels, &self.real_labels) else {
            return writeln!(
                f,
                "\nno label agreement: howfar's network does not know these classes, or faces of this size"
            );
        };
        writeln!(f, "\n{:24}{:>12}{:>26}", "label agreement", "generated", "real, both halves")?;
        let mut row = |name: &str, a: f64, b: f64| writeln!(f, "{name:24}{a:>10.1} %{b:>24.1} %");
        for measure in Measure::ALL {
            row(measure.words, generated.figures.percent(measure), real.figures.percent(measure))?;
        }
        generated
            .per_class
            .iter()
            .zip(&real.per_class)
            .try_for_each(|(a, b)| row(&format!("  {}", a.class), a.recall_percent, b.recall_percent))
    }
}
