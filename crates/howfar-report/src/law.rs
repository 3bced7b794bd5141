//! The law of the curve: accuracy beyond the largest k with its band, and lines of equal accuracy over people and
//! generated units, as inline SVG.
//!
//! In: what stands in the results. Out: a sentence, and charts where a law fits. As in `curve.rs`, positions across are
//! percent of the width and those down are pixels; shapes stand in a drawing of their own that is stretched across.

use howfar_evaluate::{EqualAccuracy, FittedLaw, Law, LawForm, LawPoint};
use howfar_protocol::Part;
use maud::{Markup, html};

use crate::wording::{self, NOTHING, Nouns};

/// Pixels from the highest to the lowest tick.
const HEIGHT: f64 = 220.0;
/// Units of a stretched drawing across.
const WIDTH: f64 = 1000.0;
/// Unseen databases with colours of their own.
const UNSEEN_COLOURS: usize = 5;
/// Ticks on an axis, about.
const N_TICKS: f64 = 5.0;

/// The section, with its heading; nothing without a mix.
pub(crate) fn section(all: &[Law], nouns: Nouns) -> Markup {
    html! { @if !all.is_empty() {
        h3 { "The law of the curve" }
        @if all.iter().any(|law| law.fitted.is_some()) {
            p.note {
                "How " (nouns.measure) " goes on beyond the k that were tried, if it follows one of the forms that \
                    fit. Bands hold 95 % of the laws that go with the cells: " (nouns.labelled) " and seeds are drawn \
                    again, and the forms may disagree."
            }
        }
        @for (i, law) in all.iter().enumerate() { (of_faces(law, nouns, &colour(all, i))) }
    } }
}

/// The class that gives a chart the colour that its faces have in the curve.
fn colour(all: &[Law], i: usize) -> String {
    match all[i].part {
        Part::Unseen => {
            let place = all[..i].iter().filter(|law| law.part == Part::Unseen).count();
            format!("unseen-{}", place % UNSEEN_COLOURS)
        }
        _ => "test".to_owned(),
    }
}

fn of_faces(law: &Law, nouns: Nouns, colour: &str) -> Markup {
    let faces = nouns.part(law.part, &law.set);
    html! {
        p { b { (faces) } ": " (law.sentence) }
        @if let Some(fitted) = &law.fitted {
            (curve(fitted, &faces, colour, nouns))
            @if fitted.equal.len() > 1 { (equal(&fitted.equal, &faces, nouns)) }
            (forms(fitted, &faces))
        }
    }
}

/// An axis with round ticks.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// Holds all values, and begins and ends at ticks.
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
        let step = round_step((high - low) / N_TICKS);
        Axis { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    /// From 0 to a value.
    fn up_to(high: f64) -> Self {
        Axis { low: 0.0, high, step: round_step(high / N_TICKS) }
    }

    /// 0 at the lower end, 1 at the upper.
    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    fn ticks(&self) -> Vec<f64> {
        let n = ((self.high - self.low) / self.step + 1e-9).floor() as usize;
        (0..=n).map(|i| self.low + i as f64 * self.step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, not below `step`.
fn round_step(step: f64) -> f64 {
    let ten = 10_f64.powf(step.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * ten).find(|round| *round >= step).unwrap_or(10.0 * ten)
}

/// Both axes of a chart.
struct Axes {
    x: Axis,
    y: Axis,
}

impl Axes {
    /// Percent of the width.
    fn across(&self, x: f64) -> String {
        format!("{:.2}%", 100.0 * self.x.share(x))
    }

    /// Pixels from the top.
    fn down(&self, y: f64) -> String {
        format!("{:.1}", HEIGHT * (1.0 - self.y.share(y)))
    }

    /// A line through points in the stretched drawing.
    fn path(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        let place = |(i, (x, y)): (usize, (f64, f64))| {
            format!("{}{:.1} {}", if i == 0 { 'M' } else { 'L' }, WIDTH * self.x.share(x), self.down(y))
        };
        points.enumerate().map(place).collect::<Vec<String>>().concat()
    }
}

fn frame(axes: &Axes) -> Markup {
    html! {
        g.frame aria-hidden="true" {
            @for tick in axes.y.ticks() {
                line x1="0" x2="100%" y1=(axes.down(tick)) y2=(axes.down(tick)) {}
                text.y x="0" dx="-8" dy="4" y=(axes.down(tick)) { (number(tick)) }
            }
            @for tick in axes.x.ticks() {
                line.tick x1=(axes.across(tick)) x2=(axes.across(tick)) y1=(HEIGHT) y2=(HEIGHT + 5.0) {}
                text.x x=(axes.across(tick)) y=(HEIGHT + 20.0) { (number(tick)) }
            }
        }
    }
}

/// Without digits that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Accuracy against k up to twice the largest: what was measured, the law and its band.
fn curve(law: &FittedLaw, faces: &str, colour: &str, nouns: Nouns) -> Markup {
    let ends = |points: &[LawPoint]| points.iter().flat_map(|p| p.band_percent).collect::<Vec<f64>>();
    let values = ends(&law.curve).into_iter().chain(ends(&law.measured));
    let axes = Axes { x: Axis::up_to(law.curve.last().map_or(1.0, |p| p.k)), y: Axis::around(values) };
    let largest = law.largest.value();
    let of = |part: &dyn Fn(&&LawPoint) -> bool| {
        axes.path(law.curve.iter().filter(|p| part(p)).map(|p| (p.k, p.accuracy_percent)))
    };
    let upper = law.curve.iter().map(|p| (p.k, p.band_percent[1]));
    let lower = law.curve.iter().rev().map(|p| (p.k, p.band_percent[0]));
    html! {
        figure.plot {
            div.y-title { (wording::capitalised(nouns.measure)) ", %" }
            svg.law.(colour) role="img" aria-label=(format!("The law of the curve, {faces}")) width="100%"
                height=(HEIGHT) {
                (frame(&axes))
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" width="100%"
                    height=(HEIGHT) {
                    path.band d=(axes.path(upper.chain(lower))) {}
                    path.followed d=(of(&|p| p.k <= largest)) {}
                    path.followed.beyond d=(of(&|p| p.k >= largest)) {}
                }
                @for point in &law.measured { (measured(&axes, point)) }
            }
            div.x-title { "k; measured up to " (law.largest) ", beyond it the law" }
        }
    }
}

fn measured(axes: &Axes, point: &LawPoint) -> Markup {
    let text = format!(
        "k = {}: {} % measured (95 % interval {})",
        number(point.k),
        wording::percent(point.accuracy_percent),
        wording::percent_interval(Some(point.band_percent))
    );
    let [low, high] = point.band_percent;
    html! {
        g.point tabindex="0" role="img" aria-label=(text) {
            title { (text) }
            line.interval x1=(axes.across(point.k)) x2=(axes.across(point.k)) y1=(axes.down(high))
                y2=(axes.down(low)) {}
            circle.mark cx=(axes.across(point.k)) cy=(axes.down(point.accuracy_percent)) r="4" {}
            circle.reach cx=(axes.across(point.k)) cy=(axes.down(point.accuracy_percent)) r="11" {}
        }
    }
}

/// Lines along which accuracy is the same, over training people and generated units.
fn equal(lines: &[EqualAccuracy], faces: &str, nouns: Nouns) -> Markup {
    let points = || lines.iter().flat_map(|line| &line.people_and_units);
    let most = points().map(|[_, units]| *units).fold(0.0, f64::max);
    let axes = Axes { x: Axis::up_to(most.max(1.0)), y: Axis::around(points().map(|[people, _]| *people)) };
    let title = format!("Equal {} over training {} and generated units, {faces}", nouns.measure, nouns.labelled);
    html! {
        figure.plot {
            div.y-title { "Training " (nouns.labelled) " with equal " (nouns.measure) }
            svg.law.test role="img" aria-label=(title) width="100%" height=(HEIGHT) {
                (frame(&axes))
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" width="100%"
                    height=(HEIGHT) {
                    @for line in lines {
                        path.followed d=(axes.path(line.people_and_units.iter().map(|[n, m]| (*m, *n)))) {}
                    }
                }
                @for line in lines { @if let Some([people, units]) = line.people_and_units.first() {
                    text.level x=(axes.across(*units)) dx="4" y=(axes.down(*people)) dy="-4" {
                        (number(line.accuracy_percent)) " %" }
                } }
            }
            div.x-title { "generated units" }
        }
    }
}

/// What was tried, and how well each form foretells the largest k.
fn forms(law: &FittedLaw, faces: &str) -> Markup {
    let parameters: Vec<String> =
        law.parameters.iter().map(|(name, value)| format!("{name} = {}", number(*value))).collect();
    let p = law.p.map_or_else(String::new, |p| format!(", p = {}", wording::p_value(p)));
    html! {
        details {
            summary { "Forms of the law on " (faces) }
            p.note {
                "Taken: " (law.form) ", " (law.formula) " with " (parameters.join(", ")) ". Residuals: χ² = "
                (number(law.chi_square)) " with " (law.degrees_of_freedom) " degrees of freedom" (p) "."
            }
            div.scroll tabindex="0" role="region" aria-label=(format!("forms of the law, {faces}")) {
                table.figures.narrow {
                    caption { b { "Forms" } ": the largest k foretold from the smaller ones" }
                    thead { tr {
                        th scope="col" { "form" } th.n scope="col" { "parameters" }
                        th.n scope="col" { "held-out error, points" } th.n scope="col" { "χ²" }
                    } }
                    tbody { @for form in &law.forms { (form_row(form, form.form == law.form)) } }
                }
            }
        }
    }
}

fn form_row(form: &LawForm, is_taken: bool) -> Markup {
    html! {
        tr.chosen[is_taken] {
            th scope="row" { (form.form) }
            td.n { (form.n_parameters) }
            td.n { (form.held_out_error_points.map_or_else(|| NOTHING.to_owned(), wording::percent)) }
            td.n { (wording::percent(form.chi_square)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        let axis = Axis::around([41.3, 58.9].into_iter());
        assert_eq!((axis.low, axis.high, axis.step), (40.0, 60.0, 5.0));
        assert_eq!(Axis::up_to(40.0).ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        let flat = Axis::around(std::iter::once(3.0));
        assert!(flat.high > flat.low && flat.ticks().len() < 8);
    }
}
