//! Every operation of our own tensors: its gradient against differences of its values, and plain examples.

use super::*;

const SHAPE: [usize; 3] = [2, 3, 4];

fn pattern(n: usize, k: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * k % 31) as f32 - 15.3) / 9.0).collect()
}

/// The gradient of Σ map(x) · weights against differences in f64 of the sum.
fn assert_gradient<const E: usize>(what: &str, x: &[f32], map: impl Fn(Tensor<3>) -> Tensor<E>) {
    let weighted = |x: Tensor<3>| {
        let y = map(x);
        let shape = y.dims();
        y * tensor(pattern(shape.iter().product(), 13), shape, &cpu())
    };
    let leaf = tensor(x.to_vec(), SHAPE, &cpu()).require_grad();
    let gradients = weighted(leaf.clone()).sum().backward();
    let found = leaf.grad(&gradients).map(numbers).unwrap_or_else(|| vec![0.0; x.len()]);
    let step = 1.0 / 128.0;
    for (i, found) in found.iter().enumerate() {
        let at = |by: f32| {
            let mut x = x.to_vec();
            x[i] += by;
            numbers(weighted(tensor(x, SHAPE, &cpu()))).into_iter().map(f64::from).sum::<f64>()
        };
        let expected = (at(step) - at(-step)) / f64::from(2.0 * step);
        assert!(
            (f64::from(*found) - expected).abs() < 2e-3 * expected.abs().max(1.0),
            "{what}, {i}: {found} {expected}"
        );
    }
}

#[test]
fn gradients_of_curves_are_their_slopes() {
    let (any, above) = (pattern(24, 7), pattern(24, 7).iter().map(|v| v.abs() + 0.5).collect::<Vec<f32>>());
    assert_gradient("sqrt", &above, Tensor::sqrt);
    assert_gradient("recip", &above, Tensor::recip);
    assert_gradient("log", &above, Tensor::log);
    assert_gradient("log1p", &above, Tensor::log1p);
    assert_gradient("exp", &any, Tensor::exp);
    assert_gradient("abs", &any, Tensor::abs);
    assert_gradient("sign", &any, Tensor::sign);
    assert_gradient("tanh", &any, tanh);
    assert_gradient("clamp", &any, |x| x.clamp(-0.9, 0.7));
    assert_gradient("leaky_relu", &any, |x| leaky_relu(x, 0.2));
    assert_gradient("numbers", &any, |x| -((x * 3.0 + 1.0) / 7.0 - 2.0));
    assert_gradient("step", &any, |x| step(x, 0.0, [2.0, 3.0]));
    assert_gradient("softmax", &any, |x| log_softmax(x.reshape([6, 4])));
}

#[test]
fn gradients_of_pairs_are_sums_over_what_was_repeated() {
    let x = pattern(24, 7);
    for shape in [[2, 3, 4], [1, 3, 1], [2, 1, 1], [1, 1, 1], [1, 1, 4], [2, 1, 4]] {
        let other = || tensor(pattern(shape.iter().product(), 5), shape, &cpu());
        // The tensor itself, then a part of it that is repeated.
        let part = |x: Tensor<3>| x.slice([0..shape[0], 0..shape[1], 0..shape[2]]);
        assert_gradient("plus", &x, |x| x.clone() + part(x));
        assert_gradient("minus", &x, |x| part(x.clone()) - x);
        assert_gradient("times", &x, |x| x.clone() * other() * part(x));
        assert_gradient("over", &x, |x| (x.clone() + other()) / (part(x) + 20.0));
        assert_gradient("expand", &x, |x| part(x.clone()).expand(SHAPE) * x);
    }
}

#[test]
fn gradients_go_back_to_where_numbers_came_from() {
    let x = pattern(24, 7);
    assert_gradient("permute", &x, |x| x.permute([2, 0, 1]));
    assert_gradient("slice", &x, |x| x.slice([1..2, 0..2, 1..4]));
    assert_gradient("flip", &x, |x| x.flip([0, 2]));
    assert_gradient("cat", &x, |x| Tensor::cat(vec![x.clone(), x.clone().exp(), x], 1));
    assert_gradient("pad", &x, |x| pad_zeros(x, [(1, 0), (0, 2), (1, 1)]));
    assert_gradient("reflect", &x, |x| pad_reflected(x, [1, 2, 0]));
    assert_gradient("sum_dim", &x, |x| x.sum_dim(1));
    assert_gradient("mean", &x, |x| x.clone().mean_dim(2) * x.mean().reshape([1, 1, 1]));
    assert_gradient("matmul", &x, |x| {
        let x: Tensor<2> = x.flatten(0, 1);
        x.clone().matmul(x.transpose())
    });
    assert_gradient("pool", &x, |x| max_pool2d(x.reshape([1, 2, 3, 4])));
}

#[test]
fn numbers_lie_where_they_should() {
    let x = tensor((0..24).map(|i| i as f32).collect(), SHAPE, &cpu());
    assert_eq!(numbers(x.clone().permute([2, 0, 1]))[..7], [0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 1.0]);
    assert_eq!(numbers(x.clone().slice([1..2, 0..2, 1..3])), [13.0, 14.0, 17.0, 18.0]);
    assert_eq!(numbers(x.clone().flip([2]))[..5], [3.0, 2.0, 1.0, 0.0, 7.0]);
    assert_eq!(
        numbers(pad_reflected(x.clone().slice([0..1, 0..1, 0..4]), [0, 0, 2])),
        [2., 1., 0., 1., 2., 3., 2., 1.]
    );
    assert_eq!(numbers(max_pool2d(x.reshape([1, 2, 3, 4]))), [5.0, 7.0, 17.0, 19.0]);
}

#[test]
fn a_leaf_that_is_used_twice_has_the_sum_and_a_constant_has_no_gradient() {
    let one = |v: f32| tensor(vec![v], [1], &cpu());
    let (x, constant) = (one(3.0).require_grad(), one(5.0));
    let y = x.clone() * x.clone() * constant.clone() + x.clone().detach() * x.clone();
    let gradients = y.backward();
    assert_eq!(x.grad(&gradients).map(numbers), Some(vec![33.0]));
    assert!(constant.grad(&gradients).is_none());
}
