//! How fast this machine trains: pictures a second on one core, for estimates of time. No result depends on it.

use std::path::Path;
use std::time::Instant;

use howfar_face::{Fault, Pool};
use howfar_net::{Classifier, StepSettings, Trainer};
use howfar_protocol::{Item, Seeds, TrainingSettings, Variant};

use crate::batches::Batches;
use crate::model::{in_file, kind};
use crate::run::optimiser;

/// Long enough that one step more or less hardly matters.
const SECONDS: f64 = 0.5;

/// Training pictures a second on one core with these settings, augmentation included, over faces of the pool.
pub fn measure_speed(settings: &TrainingSettings, pool: &Pool) -> Result<f64, Fault> {
    if pool.is_empty() {
        return Err(Fault::data("the faces", "there is no face to measure the speed with"));
    }
    let seeds = Seeds::new(0);
    let mut stream = seeds.stream("weights", &[]);
    let classifier = Classifier::new(kind(settings.network), pool.classes().len(), pool.side(), &mut stream)
        .map_err(|fault| in_file(Path::new("the network"), fault))?;
    let mut trainer = Trainer::new(classifier, optimiser(settings.optimiser));
    let items: Vec<Item> =
        (0..settings.batch as usize).map(|i| Item { face: i % pool.len(), variant: Variant::AsIs }).collect();
    let step = StepSettings { rate: settings.learning_rate, label_smoothing: settings.label_smoothing };
    let mut batches = Batches::new(pool, settings, seeds, 0);
    // One thread, whatever the pool of all cores could do.
    let core = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let core = core.map_err(|error| Fault::machine("the threads of this machine", error.to_string()))?;
    let mut one_step = || {
        let batch = batches.next(&items);
        core.install(|| trainer.step(batch.inputs, &batch.labels, step, Some(&mut stream)));
    };
    one_step(); // Memory is fetched for the first time here.
    let (started, mut n_steps) = (Instant::now(), 0);
    while started.elapsed().as_secs_f64() < SECONDS {
        one_step();
        n_steps += 1;
    }
    Ok(f64::from(n_steps) * f64::from(settings.batch) / started.elapsed().as_secs_f64())
}
