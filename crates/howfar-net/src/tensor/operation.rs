//! Operations of others: how the kernels of `howfar-kernel` become part of a network, with gradients by hand.

/// An operation on dense numbers that gives one tensor.
pub trait Operation: std::fmt::Debug + Send + Sync + 'static {
    /// The sizes of what comes out.
    fn shape(&self) -> Vec<usize>;

    /// What comes out, and numbers that the way back needs.
    fn forward(&self, inputs: &[&[f32]]) -> (Vec<f32>, Vec<f32>);

    /// Whether the way back reads the inputs; they are kept for it.
    fn needs_inputs(&self) -> bool {
        true
    }

    /// The gradients of the inputs that are wanted, from that of what came out; others may be empty.
    fn backward(&self, inputs: &[&[f32]], kept: &[f32], slope: &[f32], wanted: &[bool]) -> Vec<Vec<f32>>;
}
