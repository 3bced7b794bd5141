//! Chooses k: the smallest within one standard error of the best, or the best; and, where several ways stand at a k
//! (budgets of training), the best of them.
//!
//! In: a [`Validation`] view, which holds no prediction on test people or unseen databases, the curve with its ways,
//! and who chooses. Out: a [`Choice`]. Accuracy is the mean over people of each person's mean, over seeds and splits,
//! as in claims, so that the difference to the best and its standard error speak of the same number; where several
//! databases choose, the mean over them. Of equals the smaller k is the better one, and the first way.
//!
//! How sure a choice is, people and seeds say that are drawn again: the same ways, the same rule, with the standard
//! errors of the study.

use std::collections::BTreeMap;

use howfar_face::Fault;
use howfar_protocol::{Cell, ChooseOn, ChooseRule, ClaimedMeasure, Curve, MixtureRatio, Part, Role, Track, Treatment};
use howfar_random::{Seeds, Stream};

use crate::counting::numbers::{PERCENT, mean_of};
use crate::counting::outcomes::{CellPredictions, Faces, Outcomes, Series, Validation};
use crate::counting::source::{CellSource, count_cells};
use crate::intervals::bootstrap::Draw;
use crate::intervals::interval::Doubt;
use crate::intervals::paired::Layout;
use crate::results::{Candidate, Choice, StudyFacts, WayTried};

/// Room for rounding, in points: equal accuracies are equal.
const ROUNDING_POINTS: f64 = 1e-9;
/// Times that people and seeds are drawn again, where tables are small.
const N_DRAWS: usize = 1000;
/// Values that all draws together read, at most; never fewer than [`FEWEST_DRAWS`].
const MOST_VALUES: usize = 100_000_000;
const FEWEST_DRAWS: usize = 100;

/// Who chooses k in a study, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosers {
    on: ChooseOn,
    rule: ChooseRule,
    /// Faces, and the labelled set that the networks which they judge were not trained on.
    faces: Vec<(Faces, Option<String>)>,
    measure: ClaimedMeasure,
    seed: u64,
    has_shares: bool,
}

impl Choosers {
    /// Validation people, by the usual rule.
    pub fn validation(seed: u64) -> Self {
        let faces = vec![((Part::Validation, String::new()), None)];
        let (rule, measure) = (ChooseRule::default(), ClaimedMeasure::default());
        Choosers { on: ChooseOn::Validation, rule, faces, measure, seed, has_shares: true }
    }

    /// Those whom a study asks.
    pub fn of(facts: &StudyFacts, on: &ChooseOn, rule: ChooseRule) -> Self {
        let sets = |role| facts.of_role(role).map(|set| set.name.clone());
        let on = on.with(sets(Role::Labelled).count());
        let choosing = |set: String| (Part::Choosing, set);
        let faces = match on {
            ChooseOn::Sets(_) => sets(Role::Choosing).map(|set| (choosing(set), None)).collect(),
            ChooseOn::LeaveOneDatabaseOut => {
                sets(Role::Labelled).map(|set| (choosing(set.clone()), Some(set))).collect()
            }
            ChooseOn::Validation | ChooseOn::Usual => Self::validation(facts.seed).faces,
        };
        Choosers { on, rule, faces, measure: facts.measure, seed: facts.seed, has_shares: true }
    }

    /// The people of one database that does nothing else, in simulated studies.
    pub(crate) fn database(set: &str, seed: u64) -> Self {
        Choosers { faces: vec![((Part::Choosing, set.to_owned()), None)], ..Self::validation(seed) }
    }

    /// Without the shares of [`Candidate::chosen_share_percent`], which take time.
    pub(crate) fn without_shares(self) -> Self {
        Choosers { has_shares: false, ..self }
    }

    /// By another rule.
    pub fn by(self, rule: ChooseRule) -> Self {
        Choosers { rule, ..self }
    }

    /// What their predictions are of: nothing else is read.
    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = self.faces.iter().map(|((part, _), _)| *part).collect();
        parts.dedup();
        parts
    }

    /// The treatment whose networks these faces judge in place of `treatment`.
    fn asked(treatment: &Treatment, left_out: Option<&String>) -> Treatment {
        left_out.map_or_else(|| treatment.clone(), |set| treatment.clone().without(set))
    }

    /// Whether a treatment's cells say anything to the choice.
    fn ask(&self, curve: &Curve, treatment: &Treatment) -> bool {
        let mut ways = curve.values().flatten();
        ways.any(|way| self.faces.iter().any(|(_, left_out)| Self::asked(way, left_out.as_ref()) == *treatment))
    }
}

/// A track with its curve.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackPlan {
    /// The track.
    pub track: Track,
    /// What it is called where nobody here trained it and nothing is known of its recipe and network.
    pub model: Option<String>,
    /// Parameters of its network.
    pub n_parameters: usize,
    /// What may stand at each k.
    pub curve: Curve,
}

impl TrackPlan {
    /// A track with one thing at every k: labelled faces alone for their own steps, and the mix.
    pub fn plain(track: Track, n_parameters: usize, all_k: &[MixtureRatio]) -> Self {
        let curve = all_k.iter().map(|k| (*k, vec![track.on_curve(*k)])).collect();
        TrackPlan { track, model: None, n_parameters, curve }
    }
}

/// The choice of a track from cells in memory. Everything but what may choose is dropped before it looks. None where
/// there is no mix to choose.
pub fn choose_k(track: &TrackPlan, choosers: &Choosers, cells: &[CellPredictions]) -> Option<Choice> {
    let choices = choose_all(vec![track.clone()], choosers, cells).expect("what is in memory can be read");
    choices.into_iter().next().map(|(_, choice)| choice)
}

/// The choices of all tracks that have one, from what those who choose say of cells that are read one at a time.
pub fn choose_all(
    tracks: Vec<TrackPlan>,
    choosers: &Choosers,
    source: &(impl CellSource + ?Sized),
) -> Result<Vec<(Track, Choice)>, Fault> {
    let cells = source.cells();
    let is_asked = |plan: &TrackPlan, cell: &Cell| plan.track.has(cell) && choosers.ask(&plan.curve, &cell.treatment);
    let wanted = |cell_idx: &usize| tracks.iter().any(|track| is_asked(track, cells[*cell_idx]));
    let wanted: Vec<usize> = (0..cells.len()).filter(wanted).collect();
    let mut outcomes = vec![Outcomes::new(); tracks.len()];
    count_cells(source, &wanted, &choosers.parts(), choosers.measure, |cell_idx, training, counts| {
        let of_tracks = tracks.iter().zip(&mut outcomes).filter(|(track, _)| is_asked(track, cells[cell_idx]));
        of_tracks.for_each(|(_, outcomes)| outcomes.add_counts(cells[cell_idx], training, &counts));
    })?;
    let choose = |(plan, outcomes): (TrackPlan, Outcomes)| {
        choose_k_on(&plan.curve, choosers, outcomes.validation()).map(|choice| (plan.track, choice))
    };
    Ok(tracks.into_iter().zip(outcomes).filter_map(choose).collect())
}

/// The choice of a track from counted outcomes. None where there is no mix to choose.
pub fn choose_k_on(curve: &Curve, choosers: &Choosers, validation: Validation<'_>) -> Option<Choice> {
    let way = |treatment: &Treatment| Way::of(treatment, choosers, validation);
    let points = curve.iter().map(|(k, ways)| (*k, Point::of(ways.iter().filter_map(way).collect())));
    let points: BTreeMap<MixtureRatio, Point<'_>> = points.filter_map(|(k, point)| Some((k, point?))).collect();
    let accuracy: BTreeMap<MixtureRatio, f64> =
        points.iter().map(|(k, point)| (*k, point.taken().accuracy_points)).collect();
    if !accuracy.keys().any(|k| *k > MixtureRatio::ZERO) {
        return None;
    }
    let best = best_of(&accuracy, MixtureRatio::ZERO)?;
    let shares = Shares::of(&points, choosers);
    let candidate =
        |(k, point): (&MixtureRatio, &Point<'_>)| point.candidate(*k, points[&best].taken(), choosers, shares.as_ref());
    let candidates: Vec<Candidate> = points.iter().map(candidate).collect();
    let adequate: Vec<MixtureRatio> = candidates.iter().filter(|c| c.adequate).map(|c| c.k).collect();
    let chosen = match choosers.rule {
        ChooseRule::OneStandardError => *adequate.first()?,
        ChooseRule::BestMean => best,
    };
    let smallest_above = *accuracy.keys().find(|k| **k > MixtureRatio::ZERO)?;
    let compared = if chosen > MixtureRatio::ZERO { chosen } else { best_of(&accuracy, smallest_above)? };
    let (on, rule) = (choosers.on.name().to_owned(), choosers.rule);
    Some(Choice { chosen, best, compared, adequate, candidates, on, rule })
}

/// The most accurate k from `smallest` up.
fn best_of(accuracy: &BTreeMap<MixtureRatio, f64>, smallest: MixtureRatio) -> Option<MixtureRatio> {
    let mut best: Option<(MixtureRatio, f64)> = None;
    for (k, accuracy) in accuracy.range(smallest..) {
        if best.is_none_or(|(_, highest)| *accuracy > highest + ROUNDING_POINTS) {
            best = Some((*k, *accuracy));
        }
    }
    best.map(|(k, _)| k)
}

/// What may stand at a k, and what those who choose say of it.
struct Way<'a> {
    treatment: Treatment,
    /// One for each of the choosing faces.
    series: Vec<(Faces, Series<'a>)>,
    layouts: Vec<Layout>,
    accuracy_points: f64,
}

impl<'a> Way<'a> {
    fn of(treatment: &Treatment, choosers: &Choosers, validation: Validation<'a>) -> Option<Self> {
        let series = |(faces, left_out): &(Faces, Option<String>)| {
            let series = validation.series(&Choosers::asked(treatment, left_out.as_ref()), faces);
            (!series.is_empty()).then(|| (faces.clone(), series))
        };
        let series: Vec<(Faces, Series<'a>)> = choosers.faces.iter().map(series).collect::<Option<_>>()?;
        let layouts: Vec<Layout> =
            series.iter().map(|(faces, series)| Layout::of_one(faces, series)).collect::<Option<_>>()?;
        let accuracy = mean_of(&layouts.iter().map(|layout| layout.mean).collect::<Vec<_>>());
        Some(Way { treatment: treatment.clone(), series, layouts, accuracy_points: PERCENT * accuracy })
    }

    /// How far another way is above this one, in points, with the standard error of that; none where their cells cannot
    /// be paired.
    fn below(&self, best: &Self) -> Option<(f64, f64)> {
        let difference = |((faces, own), (_, best)): (&(Faces, Series<'_>), &(Faces, Series<'_>))| {
            let layout = Layout::of_difference(faces, best, own)?;
            Some((layout.mean, layout.doubt().standard_error))
        };
        let of_faces: Vec<(f64, f64)> = self.series.iter().zip(&best.series).map(difference).collect::<Option<_>>()?;
        Some(pooled(&of_faces))
    }

    /// The standard error of the difference between two, where their tables are alike.
    fn error_against(&self, other: &Self) -> f64 {
        let tables = self.layouts.iter().zip(&other.layouts);
        let of_faces: Vec<(f64, f64)> =
            tables.map(|(a, b)| (0.0, Doubt::of(&a.grid.less(&b.grid)).standard_error)).collect();
        pooled(&of_faces).1
    }
}

/// The mean over databases and its standard error, in points; their people are others, so errors add in squares.
fn pooled(of_faces: &[(f64, f64)]) -> (f64, f64) {
    let n = of_faces.len() as f64;
    let mean = of_faces.iter().map(|(mean, _)| mean).sum::<f64>() / n;
    let error = of_faces.iter().map(|(_, error)| error.powi(2)).sum::<f64>().sqrt() / n;
    (PERCENT * mean, PERCENT * error)
}

/// A k of the curve: its ways, of which the best stands there.
struct Point<'a> {
    ways: Vec<Way<'a>>,
    taken: usize,
}

impl<'a> Point<'a> {
    fn of(ways: Vec<Way<'a>>) -> Option<Self> {
        let accuracies: Vec<f64> = ways.iter().map(|way| way.accuracy_points).collect();
        (!ways.is_empty()).then(|| Point { taken: first_best(&accuracies), ways })
    }

    fn taken(&self) -> &Way<'a> {
        &self.ways[self.taken]
    }

    fn candidate(&self, k: MixtureRatio, best: &Way<'_>, choosers: &Choosers, shares: Option<&Shares>) -> Candidate {
        let own = self.taken();
        let is_best = own.treatment == best.treatment;
        // Cells of other seeds than the best's cannot be compared: nothing is known of the difference.
        let (below_best_points, standard_error_points) = own.below(best).unwrap_or((PERCENT, 0.0));
        let way = |(i, way): (usize, &Way<'_>)| WayTried {
            treatment: way.treatment.clone(),
            accuracy_percent: way.accuracy_points,
            best_share_percent: shares.map(|shares| shares.of_ways[&k][i]),
            is_taken: i == self.taken,
        };
        let recalls = own.series.iter().flat_map(|(_, series)| series.values());
        let recalls: Vec<f64> = recalls.map(|cell| cell.confusion.macro_recall()).collect();
        let is_within = is_best || below_best_points <= standard_error_points + ROUNDING_POINTS;
        Candidate {
            k,
            validation_accuracy_percent: own.accuracy_points,
            validation_macro_recall_percent: PERCENT * mean_of(&recalls),
            below_best_points,
            standard_error_points: if is_best { 0.0 } else { standard_error_points },
            adequate: match choosers.rule {
                ChooseRule::OneStandardError => is_within,
                ChooseRule::BestMean => is_best,
            },
            ways: self.ways.iter().enumerate().map(way).collect(),
            chosen_share_percent: shares.and_then(|shares| shares.of_k.get(&k).copied()),
        }
    }
}

fn first_best(accuracies: &[f64]) -> usize {
    let is_better = |best: usize, i: usize| accuracies[i] > accuracies[best] + ROUNDING_POINTS;
    (1..accuracies.len()).fold(0, |best, i| if is_better(best, i) { i } else { best })
}

/// How often each way is the best of its k, and each k is chosen, when people and seeds are drawn again; in percent.
struct Shares {
    of_ways: BTreeMap<MixtureRatio, Vec<f64>>,
    of_k: BTreeMap<MixtureRatio, f64>,
}

impl Shares {
    /// None where the tables differ in people or seeds.
    fn of(points: &BTreeMap<MixtureRatio, Point<'_>>, choosers: &Choosers) -> Option<Self> {
        let ways = || points.values().flat_map(|point| &point.ways);
        let sizes = |way: &Way<'_>| -> Vec<(usize, usize)> {
            way.layouts.iter().map(|layout| (layout.grid.n_units(), layout.grid.n_seeds())).collect()
        };
        let first = sizes(ways().next()?);
        if !choosers.has_shares || ways().any(|way| sizes(way) != first) {
            return None;
        }
        let n_values: usize = first.iter().map(|(units, seeds)| units * seeds).sum::<usize>() * ways().count();
        let n_draws = (MOST_VALUES / n_values.max(1)).clamp(FEWEST_DRAWS, N_DRAWS);
        let mut stream = Seeds::new(choosers.seed).stream("how sure the choice is", &[]);
        let errors = errors(points);
        let mut of_ways: BTreeMap<MixtureRatio, Vec<f64>> =
            points.iter().map(|(k, point)| (*k, vec![0.0; point.ways.len()])).collect();
        let mut of_k: BTreeMap<MixtureRatio, f64> = points.keys().map(|k| (*k, 0.0)).collect();
        let share = PERCENT / n_draws as f64;
        for _ in 0..n_draws {
            let draw = Drawn::new(&first, &mut stream);
            let mut accuracy = BTreeMap::new();
            for (k, point) in points {
                let means: Vec<f64> = point.ways.iter().map(|way| draw.accuracy_points(way)).collect();
                let best = first_best(&means);
                of_ways.entry(*k).and_modify(|shares| shares[best] += share);
                accuracy.insert(*k, means[best]);
            }
            let chosen = chosen(&accuracy, choosers.rule, &errors)?;
            of_k.entry(chosen).and_modify(|all| *all += share);
        }
        Some(Shares { of_ways, of_k })
    }
}

/// Standard errors of the differences between what stands at two k, in points.
fn errors(points: &BTreeMap<MixtureRatio, Point<'_>>) -> BTreeMap<(MixtureRatio, MixtureRatio), f64> {
    let pairs = points.iter().flat_map(|a| points.iter().map(move |b| (a, b)));
    pairs.map(|((a, of_a), (b, of_b))| ((*a, *b), of_a.taken().error_against(of_b.taken()))).collect()
}

fn chosen(
    accuracy: &BTreeMap<MixtureRatio, f64>,
    rule: ChooseRule,
    errors: &BTreeMap<(MixtureRatio, MixtureRatio), f64>,
) -> Option<MixtureRatio> {
    let best = best_of(accuracy, MixtureRatio::ZERO)?;
    let is_adequate =
        |k: &MixtureRatio| *k == best || accuracy[&best] - accuracy[k] <= errors[&(*k, best)] + ROUNDING_POINTS;
    match rule {
        ChooseRule::OneStandardError => accuracy.keys().copied().find(is_adequate),
        ChooseRule::BestMean => Some(best),
    }
}

/// People of every database and seeds, drawn again: the seeds of all databases are the same ones.
struct Drawn(Vec<Draw>);

impl Drawn {
    fn new(sizes: &[(usize, usize)], stream: &mut Stream) -> Self {
        let mut draws: Vec<Draw> = sizes.iter().map(|(units, seeds)| Draw::new(*units, *seeds, stream)).collect();
        let seeds = draws.first().map(|draw| draw.seeds.clone()).unwrap_or_default();
        draws.iter_mut().filter(|draw| draw.seeds.len() == seeds.len()).for_each(|draw| draw.seeds.clone_from(&seeds));
        Drawn(draws)
    }

    fn accuracy_points(&self, way: &Way<'_>) -> f64 {
        let means = self.0.iter().zip(&way.layouts).map(|(draw, layout)| draw.mean(&layout.grid));
        PERCENT * mean_of(&means.collect::<Vec<_>>())
    }
}
