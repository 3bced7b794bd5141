//! How fast this machine trains, for estimates of time and for sharing out the cores. No result depends on it.

use std::sync::Barrier;
use std::time::Instant;

use howfar_face::{FaceStore, Fault};
use howfar_net::{Architecture, Classifier, StepSettings, Trainer};
use howfar_protocol::{Item, Role, TrainingSettings, Variant};
use howfar_random::Seeds;

use crate::batches::Batches;
use crate::model::architecture_of;
use crate::predict::{FACES_AT_ONCE, scaled};
use crate::run::optimiser;

/// Long enough that one step more or less hardly matters.
const SECONDS: f64 = 0.5;

/// How the cores are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parallelism {
    /// Networks in training at once.
    pub n_jobs: usize,
    /// Threads of each.
    pub n_threads: usize,
}

impl Parallelism {
    /// The threads of each network.
    pub fn pools(self) -> Result<Vec<rayon::ThreadPool>, Fault> {
        let pool = |_| rayon::ThreadPoolBuilder::new().num_threads(self.n_threads).build();
        let pools: Result<_, _> = (0..self.n_jobs).map(pool).collect();
        pools.map_err(Fault::threads)
    }
}

/// Training pictures a second of all networks of a parallelism together, augmentation included, over faces of the pool.
pub fn measure_speed(settings: &TrainingSettings, pool: &FaceStore, parallelism: Parallelism) -> Result<f64, Fault> {
    if pool.is_empty() {
        return Err(Fault::data("the faces", "there is no face to measure the speed with"));
    }
    let architecture = architecture_of(settings, pool)?;
    let (pools, together) = (parallelism.pools()?, Barrier::new(parallelism.n_jobs));
    let speed = |threads: &rayon::ThreadPool| threads.install(|| one_speed(settings, pool, &architecture, &together));
    Ok(std::thread::scope(|scope| {
        let measured: Vec<_> = pools.iter().map(|threads| scope.spawn(|| speed(threads))).collect();
        measured.into_iter().map(|speed| speed.join().expect("training faces of the pool does not panic")).sum()
    }))
}

/// Pictures a second that a network of these settings answers on all cores.
pub fn measure_prediction(settings: &TrainingSettings, pool: &FaceStore) -> Result<f64, Fault> {
    let classifier = Classifier::new(architecture_of(settings, pool)?, &mut Seeds::new(0).stream("weights", &[]));
    let faces: Vec<usize> = (0..pool.len()).cycle().take(FACES_AT_ONCE).collect();
    let inputs = scaled(pool, &faces, settings.scaling);
    let (started, mut n) = (Instant::now(), 0);
    while n == 0 || started.elapsed().as_secs_f64() < SECONDS / 2.0 {
        classifier.probabilities(&inputs);
        n += FACES_AT_ONCE;
    }
    Ok(n as f64 / started.elapsed().as_secs_f64())
}

/// Pictures a second of one network while the others train too.
fn one_speed(settings: &TrainingSettings, pool: &FaceStore, architecture: &Architecture, together: &Barrier) -> f64 {
    let seeds = Seeds::new(0);
    let mut stream = seeds.stream("weights", &[]);
    let classifier = Classifier::new(architecture.clone(), &mut stream);
    let mut trainer = Trainer::new(classifier, optimiser(settings.optimiser));
    let items: Vec<Item> = (0..settings.batch as usize)
        .map(|i| Item { face: i % pool.len(), role: Role::Labelled, variant: Variant::AsIs })
        .collect();
    let step = StepSettings { rate: settings.learning_rate, label_smoothing: settings.label_smoothing, weights: None };
    let mut batches = Batches::new(pool, settings, seeds, 0);
    let mut one_step = || {
        let batch = batches.next(&items);
        trainer.step(batch.inputs, &batch.labels, step, Some(&mut stream));
    };
    one_step(); // Memory is fetched for the first time here.
    together.wait();
    let (started, mut n_steps) = (Instant::now(), 0);
    while started.elapsed().as_secs_f64() < SECONDS {
        one_step();
        n_steps += 1;
    }
    f64::from(n_steps) * f64::from(settings.batch) / started.elapsed().as_secs_f64()
}
