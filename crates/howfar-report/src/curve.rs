//! The curve of accuracy against k as inline SVG: test, every unseen database, validation; controls as marks of their
//! own.
//!
//! Across, positions are percent of the width, so that letters keep their size on a phone; down, they are pixels.

use howfar_evaluate::{RecipeResults, Results, TableRow};
use howfar_protocol::{Arm, MixtureRatio, Part, Treatment};
use maud::{Markup, html};

use crate::wording::{self, Nouns};

/// Pixels from the highest to the lowest tick.
const HEIGHT: f64 = 330.0;
/// Room at both ends of the k axis, percent of the width.
const MARGIN: f64 = 4.0;
/// Least distance of two labels, pixels.
const LABEL_STEP: f64 = 17.0;
/// Letters of a label beside its line; the legend has the whole name.
const LABEL_LETTERS: usize = 21;
/// Unseen databases with colours of their own; further ones repeat them with another mark.
const UNSEEN_COLOURS: usize = 5;
/// Marks of the lines, in the order in which lines take them; defined in `marks`.
const LINE_MARKS: [&str; 3] = ["disc", "square", "diamond"];

/// One line of the picture.
struct Line<'a> {
    name: String,
    class: String,
    mark: &'static str,
    /// By k: what stands there, whatever budget it was trained for.
    rows: Vec<(MixtureRatio, &'a TableRow)>,
    /// Pixels to the right, so that intervals at the same k do not lie on each other.
    dodge: f64,
}

/// Where k and percent lie.
struct Axes {
    k_max: f64,
    low: f64,
    high: f64,
    step: f64,
    /// Between two neighbouring k, in percent of the width.
    gap: f64,
}

impl Axes {
    fn of<'a>(rows: impl Iterator<Item = &'a TableRow> + Clone, k_max: f64) -> Self {
        let gap = smallest_gap(rows.clone().map(|r| r.treatment.k.value()), k_max);
        let ends = rows.flat_map(|r| r.accuracy_interval_percent.into_iter().flatten().chain([r.claimed()]));
        let (low, high) = ends
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 100.0) };
        let step = match high - low {
            d if d > 50.0 => 20.0,
            d if d > 20.0 => 10.0,
            d if d > 8.0 => 5.0,
            _ => 2.0,
        };
        let low = ((low / step).floor() * step).max(0.0);
        let high = ((high / step).ceil() * step).clamp(low + step, 100.0_f64.max(low + step));
        Axes { k_max: if k_max > 0.0 { k_max } else { 1.0 }, low, high, step, gap }
    }

    /// Percent of the width.
    fn x(&self, k: f64) -> f64 {
        MARGIN + (100.0 - 2.0 * MARGIN) * k / self.k_max
    }

    /// Pixels from the top.
    fn y(&self, percent: f64) -> f64 {
        HEIGHT * (self.high - percent) / (self.high - self.low)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let n = ((self.high - self.low) / self.step).round() as usize;
        (0..=n).map(|i| self.low + i as f64 * self.step)
    }
}

/// Percent of the width between two k that leave room for all marks beside them.
const WIDE_GAP: f64 = 16.0;

/// The figure: picture, legend, caption.
pub(crate) fn figure(results: &Results, recipe: &RecipeResults, n_recipe: usize) -> Markup {
    let nouns = Nouns::of(results);
    let lines = lines(recipe, nouns);
    let controls: Vec<&TableRow> = recipe.table.iter().filter(|r| r.part == Part::Test && is_compared(r)).collect();
    let on_lines = lines.iter().flat_map(|l| l.rows.iter().map(|(_, row)| *row));
    let shown = on_lines.chain(controls.iter().copied());
    let k_max = shown.clone().map(|r| r.treatment.k.value()).fold(0.0, f64::max);
    let axes = Axes::of(shown, k_max);
    let measure = wording::capitalised(nouns.measure);
    let title = format!("{measure} against k, {}", wording::titled_track(results, recipe));
    html! {
        figure.plot {
            div.y-title { (measure) ", %" }
            svg.curve role="group" aria-label=(title) width="100%" height=(HEIGHT) {
                (marks(n_recipe))
                (frame(&axes, &lines))
                @if let Some(choice) = &recipe.choice { (chosen(&axes, choice.chosen.value(),
                    &choice.chosen.to_string())) }
                @for line in &lines { (drawn_line(line, &axes, n_recipe)) }
                @for row in &controls { (control(row, &axes, n_recipe, nouns)) }
                (labels(&lines, &axes))
            }
            div.x-title { (wording::k_axis(results)) }
            (legend(&lines, &controls, nouns))
        }
    }
}

/// Between two neighbouring k, in percent of the width.
fn smallest_gap(all_k: impl Iterator<Item = f64>, k_max: f64) -> f64 {
    let mut all_k: Vec<f64> = all_k.collect();
    all_k.sort_by(f64::total_cmp);
    all_k.dedup();
    let gaps = all_k.windows(2).map(|pair| (100.0 - 2.0 * MARGIN) * (pair[1] - pair[0]) / k_max);
    gaps.fold(100.0, f64::min)
}

/// Validation first, so that it lies below the others.
fn lines(recipe: &RecipeResults, nouns: Nouns) -> Vec<Line<'_>> {
    let rows = |part: Part, set: &str| {
        let of_faces = recipe.table.iter().filter(|r| r.part == part && r.set == set);
        let mut rows: Vec<(MixtureRatio, &TableRow)> =
            of_faces.filter_map(|row| Some((wording::place_on_curve(recipe, &row.treatment)?, row))).collect();
        rows.sort_by_key(|(k, _)| *k);
        rows
    };
    let line = |part: Part, set: &str, class: String, mark| Line {
        name: nouns.part(part, set),
        class,
        mark,
        rows: rows(part, set),
        dodge: 0.0,
    };
    let mut lines = vec![
        line(Part::Validation, "", "validation".to_owned(), "ring"),
        line(Part::Test, "", "test".to_owned(), LINE_MARKS[0]),
    ];
    for (i, set) in wording::unseen_sets(&recipe.table).into_iter().enumerate() {
        let mark = LINE_MARKS[(1 + i + i / UNSEEN_COLOURS) % LINE_MARKS.len()];
        lines.push(line(Part::Unseen, set, format!("unseen-{}", i % UNSEEN_COLOURS), mark));
    }
    lines.retain(|l| !l.rows.is_empty());
    let middle = (lines.len() as f64 - 1.0) / 2.0;
    for (i, line) in lines.iter_mut().enumerate() {
        line.dodge = 3.0 * (i as f64 - middle);
    }
    lines
}

/// Shapes, so that no line is told by its colour alone.
fn marks(n_recipe: usize) -> Markup {
    let id = |name: &str| format!("{name}-{n_recipe}");
    html! {
        defs {
            circle id=(id("disc")) r="4.5" {}
            circle id=(id("ring")) r="3.5" fill="var(--page)" stroke="currentColor" stroke-width="1.5" {}
            rect id=(id("square")) x="-4.2" y="-4.2" width="8.4" height="8.4" {}
            path id=(id("diamond")) d="M0-6L6 0L0 6L-6 0Z" {}
            @for (arm, mark) in arm_marks() {
                g id=(id(arm.name)) fill=(mark.fill) stroke="currentColor" stroke-width=(mark.width) { path
                    d=(mark.path) {} }
            }
        }
    }
}

fn frame(axes: &Axes, lines: &[Line<'_>]) -> Markup {
    let mut ks: Vec<_> = lines.iter().flat_map(|l| l.rows.iter().map(|(k, _)| *k)).collect();
    ks.sort();
    ks.dedup();
    let mut free_from = f64::NEG_INFINITY;
    html! {
        g.frame aria-hidden="true" {
            @for tick in axes.ticks() {
                line x1="0" x2="100%" y1=(px(axes.y(tick))) y2=(px(axes.y(tick))) {}
                text.y x="0" dx="-8" dy="4" y=(px(axes.y(tick))) { (format!("{tick:.0}")) }
            }
            @for k in ks {
                @let x = axes.x(k.value());
                line.tick x1=(pc(x)) x2=(pc(x)) y1=(px(HEIGHT)) y2=(px(HEIGHT + 5.0)) {}
                @if x >= free_from {
                    text.x x=(pc(x)) y=(px(HEIGHT + 20.0)) { (k) }
                    ({ free_from = x + 1.8 * (1.0 + k.to_string().len() as f64); "" })
                }
            }
        }
    }
}

fn chosen(axes: &Axes, k: f64, name: &str) -> Markup {
    let x = axes.x(k);
    let (anchor, dx) = if x > 60.0 { ("end", "-6") } else { ("start", "6") };
    html! {
        g.chosen-k {
            line x1=(pc(x)) x2=(pc(x)) y1="-14" y2=(px(HEIGHT)) {}
            text x=(pc(x)) dx=(dx) y="-5" text-anchor=(anchor) { "chosen: k = " (name) }
        }
    }
}

fn drawn_line(line: &Line<'_>, axes: &Axes, n_recipe: usize) -> Markup {
    let place = |(k, row): (MixtureRatio, &TableRow)| (axes.x(k.value()), axes.y(row.claimed()));
    html! {
        g.line.(line.class) transform=(format!("translate({:.1},0)", line.dodge)) {
            @for pair in line.rows.windows(2) {
                @let ((x1, y1), (x2, y2)) = (place(pair[0]), place(pair[1]));
                line.step x1=(pc(x1)) y1=(px(y1)) x2=(pc(x2)) y2=(px(y2)) {}
            }
            @for (k, row) in &line.rows { (point(*k, row, axes, &format!("{}-{n_recipe}", line.mark), &line.name)) }
        }
    }
}

/// A mark with its interval and a text that shows when pointed at, with or without script.
fn point(k: MixtureRatio, row: &TableRow, axes: &Axes, mark: &str, name: &str) -> Markup {
    let (x, y) = (axes.x(k.value()), axes.y(row.claimed()));
    let text = format!(
        "{name}, {}: {} % (95 % interval {})",
        if row.treatment == Treatment::BASELINE { "k = 0".to_owned() } else { row.treatment.to_string() },
        wording::percent(row.claimed()),
        wording::percent_interval(row.accuracy_interval_percent),
    );
    html! {
        g.point tabindex="0" role="img" aria-label=(text) {
            title { (text) }
            @if let Some([low, high]) = row.accuracy_interval_percent {
                line.interval x1=(pc(x)) x2=(pc(x)) y1=(px(axes.y(high))) y2=(px(axes.y(low))) {}
            }
            use href=(format!("#{mark}")) x=(pc(x)) y=(px(y)) {}
            circle.reach cx=(pc(x)) cy=(px(y)) r="11" {}
        }
    }
}

/// Whether a row is of an arm that stands beside the curve: the learning curves over fewer people have a table of their
/// own.
fn is_compared(row: &TableRow) -> bool {
    let treatment = &row.treatment;
    !treatment.arm.is_on_curve()
        && *treatment == Treatment::new(treatment.arm, treatment.k, treatment.source.as_deref())
}

/// Arms that the mix is compared with stand beside the test line, towards the middle of the picture, each with a mark
/// of its own.
fn control(row: &TableRow, axes: &Axes, n_recipe: usize, nouns: Nouns) -> Markup {
    let arm = row.treatment.arm;
    let place = arm_marks().position(|(other, _)| other == arm).unwrap_or(0);
    let beside = (FIRST_BESIDE + BESIDE * place as f64) * (axes.gap / WIDE_GAP).min(1.0);
    let dodge = if axes.x(row.treatment.k.value()) > 50.0 { -beside } else { beside };
    html! {
        g.line.control transform=(format!("translate({dodge:.1},0)")) {
            @let mark = format!("{}-{n_recipe}", arm.name);
            (point(row.treatment.k, row, axes, &mark, &nouns.part(row.part, &row.set)))
        }
    }
}

/// Pixels beside its k of the first arm that is compared, and from one to the next.
const FIRST_BESIDE: f64 = 14.0;
const BESIDE: f64 = 10.0;

/// What stands for an arm in the picture, and the sign like it in the legend.
struct Mark {
    sign: &'static str,
    path: &'static str,
    fill: &'static str,
    width: &'static str,
}

/// An outlined shape.
const fn outline(sign: &'static str, path: &'static str) -> Mark {
    Mark { sign, path, fill: "var(--page)", width: "1.7" }
}

/// Bare strokes.
const fn strokes(sign: &'static str, path: &'static str) -> Mark {
    Mark { sign, path, fill: "none", width: "2" }
}

/// In the order in which arms are compared with the mix; a test asks for one an arm.
const ARM_MARKS: [Mark; 10] = [
    outline("△", "M0-6L6 5H-6Z"),
    outline("▽", "M0 6L6-5H-6Z"),
    strokes("×", "M-4.5-4.5L4.5 4.5M-4.5 4.5L4.5-4.5"),
    strokes("+", "M-6 0L6 0M0-6L0 6"),
    outline("◇", "M0-6L5 0L0 6L-5 0Z"),
    outline("□", "M-4.5-4.5H4.5V4.5H-4.5Z"),
    strokes("∗", "M-6 0L6 0M-3-5.2L3 5.2M-3 5.2L3-5.2"),
    outline("▷", "M-5-6L6 0L-5 6Z"),
    outline("◁", "M5-6L-6 0L5 6Z"),
    outline("⬡", "M-3-5H3L6 0L3 5H-3L-6 0Z"),
];

fn arm_marks() -> impl Iterator<Item = (Arm, &'static Mark)> {
    Arm::compared_with_mix().into_iter().zip(&ARM_MARKS)
}

/// Names at the right ends of the lines, moved apart where they would touch.
fn labels(lines: &[Line<'_>], axes: &Axes) -> Markup {
    let mut ends: Vec<(f64, &Line<'_>)> =
        lines.iter().filter_map(|l| l.rows.last().map(|(_, row)| (axes.y(row.claimed()), l))).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted: Vec<f64> = ends.iter().map(|(y, _)| *y).collect();
    let places = apart(&wanted);
    html! {
        g.labels aria-hidden="true" {
            @for ((y, line), place) in ends.iter().zip(&places) {
                @let x = axes.x(line.rows.last().map_or(0.0, |(k, _)| k.value()));
                g.(line.class) {
                    line.leader x1=(pc(x)) y1=(px(*y)) x2="100%" y2=(px(*place)) {}
                    text x="100%" dx="6" dy="4" y=(px(*place)) { (shortened(&line.name)) }
                }
            }
        }
    }
}

/// Sorted heights, at least a label's height apart and inside the picture where there is room.
fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut places: Vec<f64> = wanted.to_vec();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + LABEL_STEP);
    }
    let mut limit = HEIGHT;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - LABEL_STEP;
    }
    places
}

fn shortened(name: &str) -> String {
    let name = name.strip_prefix("unseen: ").unwrap_or(name);
    if name.chars().count() <= LABEL_LETTERS {
        return name.to_owned();
    }
    name.chars().take(LABEL_LETTERS - 1).chain(['…']).collect()
}

/// Lines and control marks with their whole names.
fn legend(lines: &[Line<'_>], controls: &[&TableRow], nouns: Nouns) -> Markup {
    let is_shown = |arm: Arm| controls.iter().any(|row| row.treatment.arm == arm);
    let test = nouns.part(Part::Test, "");
    html! {
        ul.legend {
            @for line in lines.iter().skip(1).chain(lines.first()) { li { i.key.(line.class).(line.mark) {}
                (line.name) } }
            @for (arm, mark) in arm_marks().filter(|(arm, _)| is_shown(*arm)) {
                li { i.sign { (mark.sign) } (arm.words) ", " (test) }
            }
        }
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn pc(value: f64) -> String {
    format!("{value:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_touch_and_stay_inside() {
        for wanted in [vec![10.0, 12.0, 13.0], vec![HEIGHT - 5.0, HEIGHT - 2.0, HEIGHT], vec![0.0, 200.0]] {
            let places = apart(&wanted);
            assert!(places.windows(2).all(|p| p[1] - p[0] >= LABEL_STEP - 1e-9), "{places:?}");
            assert!(places.iter().all(|p| (0.0..=HEIGHT).contains(p)), "{places:?}");
        }
    }

    #[test]
    fn every_arm_that_is_compared_has_a_mark_of_its_own() {
        assert_eq!(arm_marks().count(), Arm::compared_with_mix().len(), "add a mark to ARM_MARKS");
        let signs: std::collections::BTreeSet<&str> = ARM_MARKS.iter().map(|mark| mark.sign).collect();
        assert_eq!(signs.len(), ARM_MARKS.len());
    }

    #[test]
    fn long_names_are_cut_by_letters_not_bytes() {
        assert_eq!(shortened("unseen: jaffe"), "jaffe");
        assert_eq!(shortened(&"ü".repeat(30)).chars().count(), LABEL_LETTERS);
    }
}
