//! One row of a table of predictions, read by itself: its words as numbers, parts, provenances and treatments.
//!
//! In: a row and its columns. Out: values, or a fault that names the row and the column. What earlier rows said is
//! `reader.rs`'.

use howfar_face::{Fault, Provenance, RowPlaces, TableRow, closest_name};
use howfar_protocol::{Arm, MixtureRatio, Part, Treatment};

use super::columns::{Column, Columns};

/// A row and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    pub row: &'t TableRow<'t>,
    pub columns: &'t Columns,
    pub places: &'t RowPlaces,
}

impl<'t> Line<'t> {
    /// The row's place, for errors.
    pub fn place(&self) -> String {
        self.places.at(self.row.number())
    }

    /// A value; empty where the column or the value is missing.
    pub fn get(&self, column: Column) -> &'t str {
        self.columns.at(column).map_or("", |at| self.row.get(at))
    }

    /// A value that must be there.
    pub fn given(&self, column: Column) -> Result<&'t str, Fault> {
        Some(self.get(column)).filter(|value| !value.is_empty()).ok_or_else(|| {
            Fault::data(self.place(), format!("the row has no value in the column `{}`", column.name()))
                .expected("a value in every row")
        })
    }

    /// What is wrong with a column's value.
    pub fn fault(&self, column: Column, what: &str) -> Fault {
        Fault::data(self.place(), what).found(format!("{} = {}", column.name(), self.get(column)))
    }

    /// A whole number; table programs may write it as 3.0.
    pub fn number(&self, column: Column) -> Result<u32, Fault> {
        let text = self.given(column)?;
        let whole = text.strip_suffix(".0").unwrap_or(text).parse::<u32>();
        whole.map_err(|_| self.fault(column, "not a whole number").expected("0, 1, 2, …"))
    }

    /// The part that the row's face belongs to.
    pub fn part(&self) -> Result<Part, Fault> {
        let name = self.given(Column::Part)?;
        let known = Part::ALL.into_iter().find(|part| part.name() == name);
        known.ok_or_else(|| {
            let names: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
            let fault = self.fault(Column::Part, "there is no such part").expected(names.join(", "));
            match closest_name(name, names.iter().copied()) {
                Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                None => fault.hint("docs/formats.md says what each is"),
            }
        })
    }

    /// What the face is, where the table says it.
    pub fn provenance(&self) -> Result<Option<Provenance>, Fault> {
        let name = self.get(Column::Provenance);
        let known = Provenance::from_name(name);
        if name.is_empty() || known.is_some() {
            return Ok(known);
        }
        Err(self.fault(Column::Provenance, "there is no such provenance").expected("real, drawn or generated"))
    }

    /// Whether the person's name is a person's, where the table says it.
    pub fn person_is_known(&self) -> Result<bool, Fault> {
        match self.get(Column::PersonKnown).to_lowercase().as_str() {
            "" | "true" | "1" | "yes" => Ok(!self.get(Column::Person).is_empty()),
            "false" | "0" | "no" => Ok(false),
            _ => Err(self.fault(Column::PersonKnown, "neither true nor false").expected("true or false")),
        }
    }

    /// What the row's cell was trained on.
    pub fn treatment(&self) -> Result<Treatment, Fault> {
        let name = self.given(Column::Arm)?;
        let arm = Arm::named(name).ok_or_else(|| {
            let names: Vec<&str> = Arm::ALL.iter().map(|arm| arm.name).collect();
            let fault = self.fault(Column::Arm, "there is no such arm").expected(names.join(", "));
            match closest_name(name, names.iter().copied()) {
                Some(meant) => fault.hint(format!("did you mean `{meant}`? docs/protocol.md describes the arms")),
                None => {
                    fault.hint("`real` is labelled faces alone, `mix` labelled and generated ones (docs/protocol.md)")
                }
            }
        })?;
        let k = self.ratio(Column::K, self.given(Column::K)?)?;
        if arm.is_baseline() != (k == MixtureRatio::ZERO) {
            let what = format!("the arm `{}` has no cells at k = {k}", arm.name);
            return Err(Fault::data(self.place(), what).expected("`real` at k = 0, every other arm at k above 0"));
        }
        let given = |column: Column| Some(self.get(column)).filter(|text| !text.is_empty());
        let ratio = |column: Column| given(column).map(|text| self.ratio(column, text)).transpose();
        let percent = given(Column::PeoplePercent).map(|text| {
            let percent = text.strip_suffix(".0").unwrap_or(text).parse::<u32>().ok();
            percent.filter(|percent| (1..100).contains(percent)).ok_or_else(|| {
                self.fault(Column::PeoplePercent, "not a percent of the training people")
                    .expected("1 to 99; empty where all are there")
            })
        });
        let treatment = Treatment {
            people_percent: percent.transpose()?,
            weight: ratio(Column::Weight)?,
            left_out: given(Column::LeftOut).map(str::to_owned),
            ..Treatment::new(arm, k, given(Column::Source))
        };
        Ok(match ratio(Column::Budget)? {
            Some(budget) => treatment.for_steps_of(budget),
            None => treatment,
        })
    }

    fn ratio(&self, column: Column, text: &str) -> Result<MixtureRatio, Fault> {
        let number = text.parse::<f64>().ok().and_then(|number| MixtureRatio::new(number).ok());
        let what = format!("`{}` is none", column.name());
        number.ok_or_else(|| self.fault(column, &what).expected("a finite number from 0 up"))
    }
}
