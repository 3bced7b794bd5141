//! The tape that takes gradients back through what was computed.
//!
//! In: what an operation gave, what it was given, how a gradient goes back through it. Out: gradients of the leaves.
//! Nodes are numbered as they are made, so that a node's number is above those of all that it is made of; going back
//! from the highest number down meets each node once, when its gradient is complete. The order of all sums is that of
//! the operations.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::elementwise;
use super::values::Values;

/// Takes the gradient of what came out back to those of what went in, `None` where nobody asks.
type Back = Box<dyn FnOnce(Values) -> Vec<Option<Values>> + Send>;

struct Node {
    number: u64,
    /// What went in; nothing for a leaf.
    parents: Vec<Option<Arc<Node>>>,
    /// Gone once it has run, and all that it kept.
    back: Mutex<Option<Back>>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({})", self.number)
    }
}

impl Node {
    fn new(parents: Vec<Option<Arc<Node>>>, back: Option<Back>) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Node { number: NEXT.fetch_add(1, Ordering::Relaxed), parents, back: Mutex::new(back) })
    }
}

/// A tensor of any number of axes.
#[derive(Debug, Clone)]
pub struct Untyped {
    pub(crate) values: Values,
    node: Option<Arc<Node>>,
}

impl From<Values> for Untyped {
    fn from(values: Values) -> Self {
        Untyped { values, node: None }
    }
}

impl Untyped {
    /// The same numbers as a leaf whose gradient is asked for.
    pub(crate) fn leaf(self) -> Self {
        Untyped { values: self.values, node: Some(Node::new(Vec::new(), None)) }
    }

    pub(crate) fn is_tracked(&self) -> bool {
        self.node.is_some()
    }

    /// What an operation gave for `inputs`; `back` is kept where one of them is tracked.
    pub(crate) fn record(
        inputs: Vec<Tracks>,
        values: Values,
        back: impl FnOnce(Values) -> Vec<Option<Values>> + Send + 'static,
    ) -> Self {
        let tracked = inputs.iter().any(Tracks::any);
        let parents = inputs.into_iter().map(|tracks| tracks.0).collect();
        Untyped { values, node: tracked.then(|| Node::new(parents, Some(Box::new(back)))) }
    }

    /// [`Untyped::record`] for one input.
    pub(crate) fn record_one(
        input: Tracks,
        values: Values,
        back: impl FnOnce(Values) -> Values + Send + 'static,
    ) -> Self {
        Self::record(vec![input], values, |slope| vec![Some(back(slope))])
    }

    /// The numbers, and where their gradient goes.
    pub(crate) fn into_parts(self) -> (Values, Tracks) {
        (self.values, Tracks(self.node))
    }

    /// The gradients of all leaves that this one number is made of. The tape is used up.
    pub(crate) fn backward(self) -> Gradients {
        let mut of_leaves = BTreeMap::new();
        let one = Values::new(self.values.shape.clone(), vec![1.0; self.values.data.len()]);
        let mut waiting = BTreeMap::new();
        if let Some(node) = self.node {
            waiting.insert(node.number, (node, one));
        }
        while let Some((number, (node, slope))) = waiting.pop_last() {
            let back = node.back.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(back) = back else {
                of_leaves.insert(number, slope);
                continue;
            };
            let slopes = node.parents.iter().zip(back(slope));
            for (parent, slope) in slopes.filter_map(|(parent, slope)| parent.as_ref().zip(slope)) {
                match waiting.entry(parent.number) {
                    Entry::Vacant(entry) => drop(entry.insert((parent.clone(), slope))),
                    Entry::Occupied(mut entry) => {
                        let sum = &mut entry.get_mut().1;
                        let so_far = std::mem::replace(sum, Values::new(vec![0], Vec::new()));
                        *sum = elementwise::zip(so_far, slope, |a, b| a + b);
                    }
                }
            }
        }
        Gradients { of_leaves }
    }
}

/// Where the gradient of an input goes; nowhere for a constant.
#[derive(Debug)]
pub(crate) struct Tracks(Option<Arc<Node>>);

impl Tracks {
    /// Whether it goes anywhere.
    pub(crate) fn any(&self) -> bool {
        self.0.is_some()
    }
}

/// The gradients that a way back gave.
#[derive(Debug)]
pub struct Gradients {
    of_leaves: BTreeMap<u64, Values>,
}

impl Gradients {
    pub(crate) fn of(&self, leaf: &Untyped) -> Option<&Values> {
        self.of_leaves.get(&leaf.node.as_ref()?.number)
    }
}
