//! The very bits of convolutions and their gradients, kept as hashes: an instruction set gives the same on every
//! machine and in every version.
//!
//! Whoever changes them on purpose raises `NUMERICS_VERSION` of `howfar-train`, so that no finished cell is taken for
//! one of the new numbers, and writes down the hashes that the failing test prints.

mod numbers;

use howfar_kernel::{BackRoom, Block, Dropout, Forward, Gradients, InstructionSet, Norm, Window, WindowRoom};
use numbers::numbers;

/// FNV-1a over the bits of numbers.
fn hash(all: &[&[f32]]) -> u64 {
    let bytes = all.iter().flat_map(|values| values.iter()).flat_map(|v| v.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Hashes of what a block gives and of its gradients.
fn block(set: InstructionSet, [height, width, n_in, n_out]: [usize; 4], border: usize, n: usize) -> [u64; 2] {
    let mut hashes = [Vec::new(), Vec::new()];
    for (norm, pool) in [(false, true), (true, true), (true, false)] {
        let block = Block { height, width, n_in, n_out, border, pool };
        let (x, weight, bias) = (numbers(n * block.n_inputs(), 1), numbers(n_out * n_in * 9, 2), numbers(n_out, 3));
        let (scale, shift) = (numbers(n_out, 4), numbers(n_out, 5));
        let norm = norm.then_some(Norm { scale: &scale, shift: &shift, epsilon: 1e-5 });
        let (mut packed, mut forward) = (Vec::new(), Forward::default());
        block.pack(set, &weight, &mut packed);
        let dropout = (!pool).then_some(Dropout { share: 0.25, key: 9 });
        block.forward(set, &x, &packed, &bias, norm, dropout, &mut forward);
        let gradient = numbers(forward.out.len(), 6);
        // The first layer of a network is never asked for the gradient of its few channels in.
        let mut input = vec![0.0; if n_in > 4 { x.len() } else { 0 }];
        let (mut of_weight, mut of_bias) = (weight.clone(), bias.clone());
        let mut of_norm = [scale.clone(), shift.clone()].map(|row| if norm.is_some() { row } else { Vec::new() });
        let [of_scale, of_shift] = &mut of_norm;
        let to = Gradients {
            input: (n_in > 4).then_some(&mut input[..]),
            weight: &mut of_weight,
            bias: &mut of_bias,
            norm: [of_scale, of_shift],
        };
        block.backward(set, &x, &weight, norm, &forward, &gradient, &mut BackRoom::default(), to);
        hashes[0].extend([forward.out, forward.convolved, forward.mean, forward.variance]);
        hashes[1].extend([input, of_weight, of_bias]);
        hashes[1].extend(of_norm);
    }
    hashes.map(|values| hash(&values.iter().map(|v| &v[..]).collect::<Vec<_>>()))
}

/// Hashes of what a window gives and of its gradients.
fn window(set: InstructionSet, [edge, n_in, n_out]: [usize; 3], shape: [usize; 3], n: usize) -> [u64; 2] {
    let [side, stride, padding] = shape;
    let w = Window { height: edge, width: edge + 1, n_in, n_out, side, stride, padding };
    let (x, weight) = (numbers(n * edge * (edge + 1) * n_in, 1), numbers(w.n_weights(), 2));
    let mut out = vec![0.0; n * w.shape_out().iter().product::<usize>()];
    let (gradient, room) = (numbers(out.len(), 3), &mut WindowRoom::default());
    let (mut input, mut of_weight) = (x.clone(), weight.clone());
    w.forward(set, &x, &weight, &mut out, room);
    w.input_gradient(set, &gradient, &weight, &mut input, room);
    w.weight_gradient(set, &x, &gradient, &mut of_weight, room);
    [hash(&[&out]), hash(&[&input, &of_weight])]
}

/// Rows, columns, channels in and out, border, pictures.
const BLOCKS: [([usize; 4], usize, usize); 12] = [
    ([64, 64, 1, 32], 1, 3),
    ([20, 23, 1, 32], 0, 9),
    ([16, 16, 1, 12], 1, 5),
    ([12, 14, 12, 24], 1, 17),
    ([10, 11, 3, 64], 1, 2),
    ([9, 7, 5, 40], 0, 3),
    ([11, 9, 15, 70], 1, 3),
    ([16, 15, 24, 32], 1, 9),
    ([8, 8, 32, 32], 1, 20),
    ([13, 12, 16, 48], 0, 3),
    ([9, 6, 70, 33], 1, 2),
    ([4, 4, 130, 129], 1, 3),
];

/// Side and channels in and out; window, stride, padding; pictures.
const WINDOWS: [([usize; 3], [usize; 3], usize); 10] = [
    ([20, 10, 64], [7, 1, 3], 2),
    ([20, 64, 3], [7, 1, 3], 2),
    ([16, 9, 33], [4, 2, 1], 5),
    ([16, 32, 48], [4, 2, 1], 2),
    ([17, 6, 20], [3, 2, 0], 2),
    ([9, 3, 4], [1, 1, 0], 3),
    ([12, 12, 24], [3, 1, 1], 3),
    ([12, 16, 16], [3, 1, 1], 7),
    ([9, 70, 40], [3, 1, 1], 3),
    ([4, 340, 350], [4, 2, 1], 2),
];

/// A table as `expected` has it, for whoever has to write it down anew.
fn table(set: InstructionSet) -> Vec<[u64; 2]> {
    let blocks = BLOCKS.into_iter().map(|(sizes, border, n)| block(set, sizes, border, n));
    blocks.chain(WINDOWS.into_iter().map(|(sizes, shape, n)| window(set, sizes, shape, n))).collect()
}

#[test]
fn convolutions_keep_their_bits_in_every_instruction_set_of_this_machine() {
    for set in InstructionSet::available() {
        let found = table(set);
        let expected = match set.name() {
            "plain" => PLAIN,
            "avx2" => AVX2,
            _ => AVX512,
        };
        assert_eq!(found, expected, "{}: {found:#018x?}", set.name());
    }
}

const N: usize = BLOCKS.len() + WINDOWS.len();
const PLAIN: [[u64; 2]; N] = [
    [0x812f_f05b_2c76_7d01, 0x3cd7_4f2b_e50d_05bb],
    [0x6eb2_fc98_8fa7_0754, 0x282d_6200_644c_b504],
    [0xd18d_4e30_a721_f680, 0x8cbe_e3d4_1d26_459d],
    [0x8f95_4b8d_42f2_b9e1, 0x015c_0c0c_dd55_3111],
    [0xbaf1_f01b_9174_fc20, 0x477a_9b12_b4bb_5740],
    [0xd86c_9932_ce9d_ad5c, 0x1ee7_d48f_0ba3_585d],
    [0x19d7_e850_8b93_594b, 0x2e91_4956_0409_ba46],
    [0x4def_df38_cfab_f3d7, 0x1f7e_2106_e488_a67a],
    [0xcd04_b30c_bf40_9aa2, 0x8484_2de8_0abc_be57],
    [0xe638_58c1_c2ab_d088, 0x5413_c690_d8fa_4a91],
    [0x8d08_6785_24af_708e, 0x56ae_89bf_6f89_9f3a],
    [0xe535_b8fe_6860_87a2, 0x23f2_e495_511b_16ab],
    [0xc802_332c_f1d7_282d, 0x86e0_1de4_cfa9_e4c9],
    [0xbf55_1a36_7ea4_77cf, 0xd6e3_d5f0_447d_d104],
    [0xdd32_0060_0c94_518f, 0x6435_aaeb_d23a_5c1a],
    [0x3d3a_d9e1_59ec_0657, 0xed92_aec3_b3c8_bb38],
    [0x35a0_3260_daf9_21b7, 0x0362_1cee_e788_1192],
    [0x406a_846f_e080_2294, 0xbfc9_28bd_7374_efe9],
    [0x6132_e22f_22e6_f959, 0x4c80_25cf_2080_cda1],
    [0xc4e2_d1cd_d4fd_ab05, 0x736f_f817_e9bd_0a96],
    [0x0d90_f287_0a38_db76, 0xb573_dff7_cb99_8d3a],
    [0xfdab_cc24_6aaf_d6f1, 0x5c53_f592_7ce5_540b],
];
const AVX2: [[u64; 2]; N] = [
    [0x8576_75da_c58e_37ae, 0xfc61_5e76_c489_bb9f],
    [0x1514_0f59_5016_1431, 0xcc9a_2a76_f691_35a3],
    [0xd928_be23_c676_6210, 0xd07f_95a2_cc12_1553],
    [0x0feb_c631_ef65_ef56, 0x45f0_df95_f7a3_76c3],
    [0x4b09_2c27_53a4_79aa, 0x4a02_4505_199c_7f0c],
    [0x6a8e_2e0f_8fc3_1b8d, 0xbae7_d7ff_68a5_5f70],
    [0x1e80_b7f9_0068_bc6b, 0x0845_63a7_ef58_94c5],
    [0x7e4f_84b1_f19b_99ea, 0x44bd_e770_597b_e9c2],
    [0x9c1c_f341_fca1_2993, 0xe552_16ec_8b0c_e76b],
    [0x9b59_5c02_ebe7_5ada, 0x6dfc_1c1e_e67e_6929],
    [0xb6c3_c405_d4b4_5876, 0xe27d_254b_679f_9a82],
    [0x1dfa_0a34_c563_0b80, 0x2ed3_0cb9_022d_4fd6],
    [0x2138_4e1c_c688_6819, 0x8b3f_b027_2b56_399f],
    [0x8d83_201c_d4cf_0864, 0x1157_73b5_9c70_5ec1],
    [0x5db8_eb71_04e2_9267, 0x3db4_7662_da16_ee2c],
    [0x1270_d410_f46a_31c8, 0x9725_a32a_4b0f_1b34],
    [0x4445_b52e_cd95_f0ce, 0xef99_9185_2856_7f4e],
    [0x406a_846f_e080_2294, 0x74b5_966c_0a99_e9ed],
    [0x3f15_5a5a_f1c6_9784, 0x532f_ac34_3f4e_86ae],
    [0x81dd_22fb_45c9_b719, 0x0bf8_f3ed_de03_28eb],
    [0xb0bc_03c3_bdf7_3d5e, 0x4662_8de2_defe_6167],
    [0xec18_eba3_195a_36bc, 0x0330_2c97_74ae_6a01],
];
const AVX512: [[u64; 2]; N] = [
    [0x8576_75da_c58e_37ae, 0xfc61_5e76_c489_bb9f],
    [0x1514_0f59_5016_1431, 0xcc9a_2a76_f691_35a3],
    [0xd928_be23_c676_6210, 0xd07f_95a2_cc12_1553],
    [0x0feb_c631_ef65_ef56, 0x45f0_df95_f7a3_76c3],
    [0x4b09_2c27_53a4_79aa, 0x4a02_4505_199c_7f0c],
    [0x6a8e_2e0f_8fc3_1b8d, 0xbae7_d7ff_68a5_5f70],
    [0x1e80_b7f9_0068_bc6b, 0x0845_63a7_ef58_94c5],
    [0x7e4f_84b1_f19b_99ea, 0x44bd_e770_597b_e9c2],
    [0x9c1c_f341_fca1_2993, 0xe552_16ec_8b0c_e76b],
    [0x9b59_5c02_ebe7_5ada, 0x6dfc_1c1e_e67e_6929],
    [0xb6c3_c405_d4b4_5876, 0xe27d_254b_679f_9a82],
    [0x1dfa_0a34_c563_0b80, 0x2ed3_0cb9_022d_4fd6],
    [0x2138_4e1c_c688_6819, 0x8b3f_b027_2b56_399f],
    [0x1d91_b73f_1587_c537, 0x1157_73b5_9c70_5ec1],
    [0x5db8_eb71_04e2_9267, 0x3db4_7662_da16_ee2c],
    [0x1270_d410_f46a_31c8, 0x9725_a32a_4b0f_1b34],
    [0x4445_b52e_cd95_f0ce, 0xef99_9185_2856_7f4e],
    [0x406a_846f_e080_2294, 0x74b5_966c_0a99_e9ed],
    [0x3f15_5a5a_f1c6_9784, 0x532f_ac34_3f4e_86ae],
    [0x81dd_22fb_45c9_b719, 0x0bf8_f3ed_de03_28eb],
    [0xb0bc_03c3_bdf7_3d5e, 0x4662_8de2_defe_6167],
    [0xec18_eba3_195a_36bc, 0x0330_2c97_74ae_6a01],
];
