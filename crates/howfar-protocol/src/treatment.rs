//! What a cell was trained on: one value that is the key of every table and that prints, sorts and serialises itself.
//!
//! Two cells that differ in it are never counted together, and nothing else tells what they were trained on: a new
//! parameter is a new field here. [`Treatment::identity`] names every field, so that a new one does not compile before
//! it is part of names of cells.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Arm, MixtureRatio};

/// What a cell was trained on, of all that makes a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Treatment {
    /// What the training set is made of.
    pub arm: Arm,
    /// How many units of generated faces, or the number whose steps or pictures a control takes.
    pub k: MixtureRatio,
    /// Which generated set, where several stand side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// So many percent of the training people (rounded up); all where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_percent: Option<u32>,
    /// The k whose steps it is trained for, where these are not its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<MixtureRatio>,
    /// How much a generated face counts in the loss beside a labelled one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<MixtureRatio>,
    /// The labelled set that is not trained on, so that its people can choose k for databases that are not trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
}

impl Treatment {
    /// Labelled training faces of all people and nothing else, for their own steps.
    pub const BASELINE: Self = Treatment {
        arm: Arm::REAL,
        k: MixtureRatio::ZERO,
        source: None,
        people_percent: None,
        budget: None,
        weight: None,
        left_out: None,
    };

    /// An arm at k, on all people. `source` is dropped where the arm knows no generated faces.
    pub fn new(arm: Arm, k: MixtureRatio, source: Option<&str>) -> Self {
        let source = source.filter(|_| !arm.is_baseline()).map(str::to_owned);
        Treatment { arm, k, source, ..Self::BASELINE }
    }

    /// Labelled faces alone for the steps of the mix at `budget`.
    pub fn labelled_for_steps_of(budget: MixtureRatio, source: Option<&str>) -> Self {
        if budget == MixtureRatio::ZERO { Self::BASELINE } else { Self::new(Arm::REPEAT, budget, source) }
    }

    /// The point of the curve of accuracy against k: the baseline at 0, the mix above.
    pub fn on_curve(k: MixtureRatio, source: Option<&str>) -> Self {
        Self::new(if k == MixtureRatio::ZERO { Arm::REAL } else { Arm::MIX }, k, source)
    }

    /// The same with so many percent of the people.
    pub fn of_people(self, percent: u32) -> Self {
        Treatment { people_percent: Some(percent), ..self }
    }

    /// The same for the steps of the mix at `budget`.
    pub fn for_steps_of(self, budget: MixtureRatio) -> Self {
        Treatment { budget: Some(budget).filter(|budget| *budget != self.k), ..self }
    }

    /// The same with generated faces that count so much.
    pub fn weighing(self, weight: MixtureRatio) -> Self {
        Treatment { weight: Some(weight), ..self }
    }

    /// The same without a labelled set.
    pub fn without(self, set: &str) -> Self {
        Treatment { left_out: Some(set.to_owned()), ..self }
    }

    /// The k whose point on the curve it is; none of other arms, and none with fewer people or without a labelled set.
    pub fn curve_k(&self) -> Option<MixtureRatio> {
        let own = Treatment { budget: None, ..self.clone() };
        (own == Self::on_curve(self.k, self.source.as_deref())).then_some(self.k)
    }

    /// What of it decides a training, for the name of a cell: what every cell says, and what only those say that it is
    /// given to. A parameter that comes later belongs to the second, so that cells without it keep their names. The
    /// source only calls sets by a name; their contents are hashed.
    pub(crate) fn identity(&self) -> (Vec<Value>, Vec<Value>) {
        let Treatment { arm, k, source: _, people_percent, budget, weight, left_out } = self;
        let weight = weight.map(|weight| json!(["weight", weight.value()]));
        let budget = budget.map(|budget| json!(["budget", budget.value()]));
        // Which set it is, its content says.
        let left_out = left_out.as_ref().map(|_| json!("left out"));
        let given = [budget, weight, left_out].into_iter().flatten().collect();
        (vec![json!(arm.name), json!(k.value()), json!(people_percent)], given)
    }

    /// `mix-k2`, `real-k0-people50`: in names of cells.
    pub(crate) fn file_name(&self) -> String {
        let Treatment { arm, k, source: _, people_percent, budget, weight, left_out } = self;
        let weight = weight.map(|weight| format!("-weight{weight}")).unwrap_or_default();
        let people = people_percent.map(|percent| format!("-people{percent}")).unwrap_or_default();
        let budget = budget.map(|budget| format!("-steps{budget}")).unwrap_or_default();
        // A set's name may hold what a folder's may not; the hash tells sets apart.
        let left_out = if left_out.is_some() { "-without" } else { "" };
        format!("{}-k{k}{people}{budget}{weight}{left_out}", arm.name)
    }
}

/// `real only`, `mix, k = 2`, `mix, k = 2, heads, 50 % of the people`; with `{:#}` without k, which stands in a column
/// of its own.
impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Treatment { arm, k, source, people_percent, budget, weight, left_out } = self;
        f.write_str(arm.words)?;
        if !arm.is_baseline() && !f.alternate() {
            write!(f, ", k = {k}")?;
        }
        if let Some(source) = source {
            write!(f, ", {source}")?;
        }
        if let Some(percent) = people_percent {
            write!(f, ", {percent} % of the people")?;
        }
        if let Some(budget) = budget {
            write!(f, ", for the steps of k = {budget}")?;
        }
        if let Some(weight) = weight {
            write!(f, ", weight {weight}")?;
        }
        if let Some(set) = left_out {
            write!(f, ", without {set}")?;
        }
        Ok(())
    }
}

/// Serialises the treatment that another is compared with, beside it in one table: its keys begin with `baseline_`.
pub mod baseline_keys {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::{Map, Value};

    use super::Treatment;

    const PREFIX: &str = "baseline_";

    /// For `serde(flatten, with = …)`.
    pub fn serialize<S: Serializer>(treatment: &Treatment, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(own) = serde_json::to_value(treatment).map_err(S::Error::custom)? else {
            return Err(S::Error::custom("a treatment is a table"));
        };
        let keys: Map<String, Value> = own.into_iter().map(|(key, value)| (format!("{PREFIX}{key}"), value)).collect();
        keys.serialize(serializer)
    }

    /// Likewise; other keys are not looked at.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Treatment, D::Error> {
        let all = Map::<String, Value>::deserialize(deserializer)?;
        let own = all.into_iter().filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?.to_owned(), value)));
        serde_json::from_value(Value::Object(own.collect())).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(k: f64) -> MixtureRatio {
        MixtureRatio::new(k).unwrap()
    }

    #[test]
    fn treatments_that_differ_in_anything_differ_as_keys_as_text_and_in_files() {
        let mix = Treatment::on_curve(k(2.0), None);
        let all = [
            Treatment::BASELINE,
            mix.clone(),
            Treatment::on_curve(k(3.0), None),
            Treatment::new(Arm::REPEAT, k(2.0), None),
            Treatment::new(Arm::MIX, k(2.0), Some("heads")),
            Treatment::BASELINE.of_people(50),
            mix.clone().of_people(50),
            mix.clone().of_people(25),
            mix.clone().for_steps_of(k(5.0)),
            Treatment::new(Arm::WEIGHTED, k(2.0), None).weighing(k(0.5)),
            Treatment::new(Arm::WEIGHTED, k(2.0), None).weighing(k(0.25)),
            mix.clone().without("ck"),
            mix.without("mmi"),
        ];
        for (i, one) in all.iter().enumerate() {
            let text = serde_json::to_string(one).unwrap();
            assert_eq!(serde_json::from_str::<Treatment>(&text).unwrap(), *one);
            for other in &all[..i] {
                assert_ne!(one.cmp(other), std::cmp::Ordering::Equal);
                assert_ne!(one.to_string(), other.to_string());
                assert_ne!(text, serde_json::to_string(other).unwrap());
            }
        }
    }

    #[test]
    fn only_the_baseline_and_the_mix_on_all_people_lie_on_the_curve() {
        assert_eq!(Treatment::BASELINE.curve_k(), Some(MixtureRatio::ZERO));
        assert_eq!(Treatment::new(Arm::MIX, k(2.0), Some("heads")).curve_k(), Some(k(2.0)));
        assert_eq!(Treatment::new(Arm::REPEAT, k(2.0), None).curve_k(), None);
        assert_eq!(Treatment::on_curve(k(2.0), None).of_people(50).curve_k(), None);
        assert_eq!(Treatment::on_curve(k(2.0), None).without("ck").curve_k(), None);
        assert_eq!(Treatment::on_curve(k(2.0), None).for_steps_of(k(5.0)).curve_k(), Some(k(2.0)));
    }

    #[test]
    fn a_comparison_stands_in_one_flat_table() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Row {
            #[serde(flatten)]
            treatment: Treatment,
            #[serde(flatten, with = "baseline_keys")]
            baseline: Treatment,
        }
        let row = Row { treatment: Treatment::on_curve(k(2.0), None), baseline: Treatment::BASELINE.of_people(50) };
        let text = serde_json::to_string(&row).unwrap();
        let expected = r#"{"arm":"mix","k":2.0,"baseline_arm":"real","baseline_k":0.0,"baseline_people_percent":50}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
    }
}
