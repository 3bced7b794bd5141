//! What a study file must say beside being well formed: numbers in range, arms with what they need, one way to split.
//!
//! In: a parsed study. Out: nothing, or a fault that names the key. Face sets are not looked at.

use std::collections::BTreeSet;

use howfar_face::Fault;

use crate::{Arm, MixtureRatio, Protocol, Study, Unit};

impl Study {
    pub(crate) fn check(&self, place: &str) -> Result<(), Fault> {
        let empty = [
            ("real.sets", self.real.sets.is_empty()),
            ("recipe", self.recipe.is_empty()),
            ("grid.seeds", self.grid.seeds == 0),
            ("train.epochs", self.train.epochs == Some(0)),
            ("train.batch", self.train.batch == Some(0)),
            ("train.patience", self.train.patience == Some(0)),
        ];
        if let Some((key, _)) = empty.iter().find(|(_, empty)| *empty) {
            return Err(Fault::usage(place, format!("{key} is empty or 0")).expected("at least one"));
        }
        self.check_seeds(place)?;
        if !(self.smallest_gain > 0.0 && self.smallest_gain <= 50.0) {
            return Err(Fault::usage(place, "smallest_gain is no difference that could matter")
                .found(self.smallest_gain)
                .expected("points above 0, such as 2"));
        }
        if let Some(rate) = self.train.learning_rate.filter(|rate| !(rate.is_finite() && *rate > 0.0)) {
            return Err(Fault::usage(place, "train.learning_rate is not a rate")
                .found(rate)
                .expected("a number above 0"));
        }
        if let Some((key, found, most)) = self.train.augmentation.and_then(|ranges| ranges.out_of_range()) {
            return Err(Fault::usage(place, format!("train.augmentation.{key} is out of range"))
                .found(found)
                .expected(format!("0 to {most}; 0 changes nothing")));
        }
        if self.real.is_redrawn() && !self.may_redraw() {
            return Err(Fault::usage(place, "real.redraw draws the split anew, and this one is not drawn")
                .found("folds, a file, or protocol = \"paper\"")
                .expected("counts or fractions, or no split at all")
                .hint("leave out redraw: folds judge everybody already"));
        }
        if self.file.is_some() {
            return Err(Fault::usage(place, "unknown field `file`").hint("`howfar run` writes it into plan.json"));
        }
        let distinct: BTreeSet<&String> = self.expressions.iter().collect();
        if self.expressions.len() < 2 || distinct.len() < self.expressions.len() {
            return Err(Fault::usage(place, "expressions must be at least two different names")
                .found(format!("{:?}", self.expressions)));
        }
        if let Some(percent) = self.grid.people_percent.iter().find(|percent| !(1..100).contains(*percent)) {
            return Err(Fault::usage(place, "grid.people_percent must be percents of the training people")
                .found(percent)
                .expected("whole numbers from 1 to 99; all people are there anyway"));
        }
        let largest = self.grid.k.last().copied().unwrap_or(MixtureRatio::ZERO);
        if let Some(budget) = self.train.budgets.iter().find(|budget| **budget > largest) {
            return Err(Fault::usage(place, "train.budgets are told by the k whose steps they are")
                .found(budget)
                .expected(format!("numbers from 0 to the largest k, {largest}")));
        }
        for (arm, key, is_there) in [
            (Arm::WEIGHTED, "grid.weights", !self.grid.weights.is_empty()),
            (Arm::OTHER_REAL, "retrieved.sets", !self.retrieved.is_empty()),
        ] {
            if self.grid.arms.contains(&arm) && !is_there {
                return Err(Fault::usage(place, format!("the arm {} needs {key}", arm.name)).expected(
                    if arm == Arm::WEIGHTED { "weights = [0.25, 0.5]" } else { "sets = [\"faces/another\"]" },
                ));
            }
        }
        if let Some(weight) = self.grid.weights.iter().find(|w| !(w.value() > 0.0 && w.value() < 1.0)) {
            return Err(Fault::usage(place, "grid.weights say how much less generated faces count")
                .found(weight)
                .expected("numbers above 0 and below 1; at 1 it is the mix, at 0 there are none"));
        }
        self.check_program(place)?;
        self.choose.check(place, self.real.sets.len())?;
        let mut named = BTreeSet::new();
        if let Some(again) = self.train.network.iter().find(|choice| !named.insert(choice.name())) {
            return Err(Fault::usage(place, "two networks of train.network go by the same name in tables")
                .found(again.name())
                .expected("each network once, and weights with names of their own"));
        }
        if self.protocol == Protocol::Paper && self.generated.unit != Unit::Identities {
            return Err(Fault::usage(place, "the paper's protocol counts identities")
                .found("unit = \"images\"")
                .expected("unit = \"identities\""));
        }
        self.real.split.check(place)
    }

    /// Every seed is a split and cells in memory: refuses none, and more than anybody trains.
    pub(crate) fn check_seeds(&self, place: &str) -> Result<(), Fault> {
        const MOST: u32 = 10_000;
        let seeds = [Some(self.grid.seeds), self.grid.seeds_at_most];
        match seeds.into_iter().flatten().find(|seeds| !(1..=MOST).contains(seeds)) {
            None => Ok(()),
            Some(seeds) => Err(Fault::usage(place, "grid.seeds are none, or more than anybody trains")
                .found(seeds)
                .expected(format!("1 to {MOST}"))),
        }
    }
}
