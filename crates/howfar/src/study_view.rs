//! A study that runs, as lines of a terminal: a row for each treatment, a mark for each of its cells, what it gains so
//! far on the faces that choose k, and the time that is left.
//!
//! In: how far every cell is and the size of the terminal. Out: lines that fit it. What test people and unseen
//! databases say does not stand here, also once k is chosen: each count of it is a look (`howfar-study/src/so_far.rs`).

use howfar_study::{CellSoFar, CellState, RowSoFar};
use textwrap::core::display_width;

use crate::console::{Terminal, duration_words};
use crate::screen::{Ink, Line};

/// Letters of a row's name, and where the terminal is narrow.
const NAME: usize = 26;
const NARROW_NAME: usize = 12;
/// Columns below which a terminal is narrow.
const NARROW: usize = 60;
/// Spaces between two columns.
const GAP: usize = 2;
/// Marks of a row below which figures give way.
const FEWEST_MARKS: usize = 6;

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct StudyView<'a> {
    /// The study's name.
    pub name: &'a str,
    /// Its cells.
    pub cells: &'a [CellSoFar],
    /// Its treatments.
    pub rows: &'a [RowSoFar],
    /// Whether k is chosen.
    pub is_chosen: bool,
    /// Seconds until the last cell that is known is finished.
    pub seconds_left: Option<f64>,
    /// What else there is to say, a paragraph each.
    pub notes: &'a [String],
}

impl StudyView<'_> {
    /// Lines that fit the terminal, in both directions.
    pub fn lines(&self, terminal: &Terminal) -> Vec<Line> {
        // A full last column makes some terminals begin a line.
        let columns = terminal.columns.saturating_sub(1).max(10);
        let head = wrapped(&self.head(), columns);
        let foot: Vec<Line> = self.foot(terminal).iter().flat_map(|text| wrapped(text, columns)).collect();
        let room = terminal.rows.saturating_sub(head.len() + foot.len() + 1).max(2);
        let mut lines = head;
        lines.extend(self.table(terminal, columns, room));
        lines.extend(foot);
        lines.truncate(terminal.rows.saturating_sub(1).max(1));
        lines
    }

    fn count(&self, state: CellState) -> usize {
        self.cells.iter().filter(|cell| cell.state == state).count()
    }

    fn head(&self) -> String {
        let [finished, running] = [CellState::Finished, CellState::Running].map(|state| self.count(state));
        let mut head = format!("{}: {finished} of {} cells finished", self.name, self.cells.len());
        let others = [
            (running, "running"),
            (self.count(CellState::Stopped), "stopped"),
            (self.count(CellState::Failed), "failed"),
        ];
        for (n, word) in others.into_iter().filter(|(n, _)| *n > 0) {
            head += &format!(", {n} {word}");
        }
        if finished < self.cells.len()
            && let Some(seconds) = self.seconds_left
        {
            head += &format!(", about {} left", duration_words(seconds));
        }
        if !self.is_chosen {
            head += "; k is not chosen yet, controls follow";
        }
        head
    }

    fn foot(&self, terminal: &Terminal) -> Vec<String> {
        let mut foot = vec![self.legend(terminal.is_unicode)];
        if self.rows.iter().any(|row| row.mean_percent.is_some()) {
            foot.push(
                "figures: faces that choose k, in %, then points over labelled faces alone (95 % over seeds); faces \
                 that test are counted at the end"
                    .to_owned(),
            );
        }
        foot.extend(self.notes.iter().cloned());
        foot
    }

    /// The marks that always come, and those of what went wrong where it did.
    fn legend(&self, is_unicode: bool) -> String {
        let went_wrong = [(Mark::Stopped, CellState::Stopped), (Mark::Failed, CellState::Failed)];
        let went_wrong = went_wrong.into_iter().filter(|(_, state)| self.count(*state) > 0).map(|(mark, _)| mark);
        let marks = [Mark::Waiting, Mark::Running(0.5), Mark::Finished].into_iter().chain(went_wrong);
        let said = marks.map(|mark| format!("{} {}", mark.character(is_unicode), mark.words()));
        said.collect::<Vec<_>>().join("  ")
    }

    /// The rows, at most `room` lines of them; those at work before those that wait and those that are finished.
    fn table(&self, terminal: &Terminal, columns: usize, room: usize) -> Vec<Line> {
        let several = self.rows.iter().any(|row| row.track != self.rows[0].track);
        let n_heads = if several { self.rows.chunk_by(|a, b| a.track == b.track).count() } else { 0 };
        let mut shown: Vec<usize> = (0..self.rows.len()).collect();
        if shown.len() + n_heads > room {
            shown.sort_by_key(|row| self.rank(&self.rows[*row]));
            shown.truncate(room.saturating_sub(n_heads + 1).max(1));
            shown.sort_unstable();
        }
        let layout = Layout::of(self, &shown, columns);
        let mut lines = Vec::new();
        let mut track = "";
        for row in shown.iter().map(|row| &self.rows[*row]) {
            if several && row.track != track {
                track = &row.track;
                lines.push(Line::plain(&cut(track, columns)));
            }
            lines.push(self.row(row, &layout, terminal));
        }
        let n_more = self.rows.len() - shown.len();
        if n_more > 0 {
            lines.push(Line::plain(&cut(&format!("and {n_more} more rows"), columns)));
        }
        lines
    }

    /// Of rows that do not all fit, those with work in them come first, finished ones last.
    fn rank(&self, row: &RowSoFar) -> u8 {
        let states = || row.cells.iter().map(|place| self.cells[*place].state);
        if states().any(|state| matches!(state, CellState::Running | CellState::Failed | CellState::Stopped)) {
            0
        } else if states().all(|state| state == CellState::Finished) {
            2
        } else {
            1
        }
    }

    fn row(&self, row: &RowSoFar, layout: &Layout, terminal: &Terminal) -> Line {
        let name = cut(&name_of(row), layout.name);
        let mut line = Line::plain(&format!("{name}{}", " ".repeat(layout.name - display_width(&name) + GAP)));
        line = line.with(&format!("{:<1$}", k_of(row), layout.k + GAP), Ink::Plain);
        let cells: Vec<&CellSoFar> = row.cells.iter().map(|place| &self.cells[*place]).collect();
        let marks: Vec<Mark> = cells.chunks(layout.cells_in_a_mark).map(Mark::of).collect();
        for mark in &marks {
            line = line.with(&mark.character(terminal.is_unicode).to_string(), mark.ink(terminal.has_colours));
        }
        let figures = figures_of(row, layout.detail);
        if figures.is_empty() {
            return line;
        }
        line.with(&format!("{}{figures}", " ".repeat(layout.marks - marks.len() + GAP)), Ink::Plain)
    }
}

/// `mix, heads`; k stands in a column of its own.
fn name_of(row: &RowSoFar) -> String {
    format!("{:#}", row.treatment)
}

/// `* k 2` where it is chosen.
fn k_of(row: &RowSoFar) -> String {
    format!("{}k {}", if row.is_chosen { "*" } else { " " }, row.treatment.k)
}

/// How much of a row's figures stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// `64.0  +2.8 (-0.4 to +6.0)`.
    All,
    /// `64.0  +2.8`.
    NoInterval,
    /// `+2.8`; `61.2` where nothing can be gained.
    One,
    /// Nothing.
    None,
}

fn figures_of(row: &RowSoFar, detail: Detail) -> String {
    let Some(mean) = row.mean_percent.filter(|_| detail != Detail::None) else { return String::new() };
    match (row.gain, detail) {
        (None, _) => format!("{mean:>5.1}"),
        (Some(gain), Detail::One) => format!("{:>+5.1}", gain.points),
        (Some(gain), _) => {
            let interval = gain.interval_points.filter(|_| detail == Detail::All);
            let interval = interval.map(|[low, high]| format!(" ({low:+.1} to {high:+.1})")).unwrap_or_default();
            format!("{mean:>5.1}  {:>+5.1}{interval}", gain.points)
        }
    }
}

/// Columns of a table.
struct Layout {
    name: usize,
    k: usize,
    marks: usize,
    cells_in_a_mark: usize,
    detail: Detail,
}

impl Layout {
    fn of(view: &StudyView<'_>, shown: &[usize], columns: usize) -> Self {
        let rows = || shown.iter().map(|row| &view.rows[*row]);
        let widest = |width: &dyn Fn(&RowSoFar) -> usize| rows().map(width).max().unwrap_or(0);
        let most = if columns < NARROW { NARROW_NAME.min(columns / 3) } else { NAME };
        let name = widest(&|row| display_width(&name_of(row))).min(most);
        let k = widest(&|row| k_of(row).len());
        let n_cells = widest(&|row| row.cells.len()).max(1);
        let room = columns.saturating_sub(name + k + 2 * GAP).max(1);
        let needed = n_cells.min(FEWEST_MARKS);
        let width = |detail: Detail| widest(&|row| figures_of(row, detail).len());
        let fits = |detail: &Detail| needed + GAP + width(*detail) <= room;
        let detail = [Detail::All, Detail::NoInterval, Detail::One].into_iter().find(fits).unwrap_or(Detail::None);
        let figures = width(detail);
        let for_marks = if figures > 0 { room - figures - GAP } else { room };
        let cells_in_a_mark = n_cells.div_ceil(for_marks);
        Layout { name, k, marks: n_cells.div_ceil(cells_in_a_mark), cells_in_a_mark, detail }
    }
}

/// How far the cells of one mark are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Waiting,
    /// With the share that is done.
    Running(f64),
    Stopped,
    Failed,
    Finished,
}

impl Mark {
    fn of(cells: &[&CellSoFar]) -> Self {
        let any = |state| cells.iter().any(|cell| cell.state == state);
        let all = |state| cells.iter().all(|cell| cell.state == state);
        if any(CellState::Failed) {
            Mark::Failed
        } else if all(CellState::Finished) {
            Mark::Finished
        } else if all(CellState::Waiting) {
            Mark::Waiting
        } else if any(CellState::Running) || any(CellState::Finished) {
            Mark::Running(cells.iter().map(|cell| cell.share).sum::<f64>() / cells.len() as f64)
        } else {
            Mark::Stopped
        }
    }

    fn character(self, is_unicode: bool) -> char {
        let level =
            |share: f64, levels: &[char]| levels[((share * levels.len() as f64) as usize).min(levels.len() - 1)];
        match (self, is_unicode) {
            (Mark::Waiting, true) => '·',
            (Mark::Waiting, false) => '.',
            (Mark::Running(share), true) => level(share, &['▁', '▂', '▃', '▄', '▅', '▆', '▇']),
            (Mark::Running(share), false) => level(share, &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']),
            (Mark::Stopped, _) => '-',
            (Mark::Failed, true) => '✗',
            (Mark::Failed, false) => 'x',
            (Mark::Finished, true) => '█',
            (Mark::Finished, false) => '#',
        }
    }

    fn ink(self, has_colours: bool) -> Ink {
        match self {
            _ if !has_colours => Ink::Plain,
            Mark::Waiting | Mark::Stopped => Ink::Faint,
            Mark::Running(_) => Ink::Cyan,
            Mark::Failed => Ink::Red,
            Mark::Finished => Ink::Green,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Mark::Waiting => "waits",
            Mark::Running(_) => "runs",
            Mark::Stopped => "stopped",
            Mark::Failed => "failed",
            Mark::Finished => "finished",
        }
    }
}

fn wrapped(text: &str, columns: usize) -> Vec<Line> {
    let options = textwrap::Options::new(columns).subsequent_indent("  ").break_words(true);
    let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
    let text = howfar_face::printable(text);
    textwrap::wrap(&text, options).iter().map(|line| Line::plain(line)).collect()
}

/// At most so many columns of it; names come from files.
fn cut(text: &str, columns: usize) -> String {
    let text = howfar_face::printable_name(text);
    if display_width(&text) <= columns {
        return text;
    }
    let mut short = String::new();
    for c in text.chars() {
        if display_width(&short) + display_width(c.encode_utf8(&mut [0; 4])) + 1 > columns {
            break;
        }
        short.push(c);
    }
    short + "…"
}

#[cfg(test)]
mod tests;
