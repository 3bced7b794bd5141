//! A few numbers that one instruction handles together, in three kinds: plain Rust, AVX2 with FMA, AVX-512.
//!
//! Kernels are generic over [`Vector`] and always inlined into a function that has the instructions switched on
//! (`instruction_set.rs`), so that each call below becomes one instruction.

/// A piece of work over vectors of any width.
pub(crate) trait Kernel {
    /// What it gives back.
    type Output;
    /// Does it. Always inlined, so that the caller's instructions are used.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

/// Numbers of 32 bits side by side.
///
/// # Safety
/// Every function needs a CPU with the instructions of its kind; pointers must be good for the lanes they name.
pub(crate) trait Vector: Copy {
    /// Numbers side by side.
    const LANES: usize;
    /// Runs a kernel in a function of its own that has the instructions switched on. What several kernels share goes
    /// through here, so that it is compiled once and not inlined into each.
    unsafe fn call<K: Kernel>(kernel: K) -> K::Output;
    /// All lanes equal.
    unsafe fn splat(value: f32) -> Self;
    /// `LANES` numbers.
    unsafe fn load(from: *const f32) -> Self;
    /// The first `n` ≤ `LANES` numbers, then zeros; touches nothing behind them.
    unsafe fn load_first(from: *const f32, n: usize) -> Self;
    /// Writes all lanes.
    unsafe fn store(self, to: *mut f32);
    /// Writes the first `n` ≤ `LANES` lanes and nothing behind them.
    unsafe fn store_first(self, to: *mut f32, n: usize);
    /// self × b + c, rounded once where the instruction set can.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// Sum.
    unsafe fn add(self, other: Self) -> Self;
    /// Difference.
    unsafe fn sub(self, other: Self) -> Self;
    /// Product.
    unsafe fn mul(self, other: Self) -> Self;
    /// The larger.
    unsafe fn max(self, other: Self) -> Self;
    /// Quotient.
    unsafe fn div(self, other: Self) -> Self;
    /// Square root.
    unsafe fn sqrt(self) -> Self;
    /// A bit for each lane that equals the other's, the first lane lowest.
    unsafe fn equal_bits(self, other: Self) -> u16;
    /// A bit for each lane above 0.
    unsafe fn positive_bits(self) -> u16;
    /// Itself where the lane's bit is set, else 0.
    unsafe fn keep(self, bits: u16) -> Self;
}

/// Plain Rust: what a CPU without the others runs, and the reference implementation of the others.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; 8]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = [0.0; 8];
        for (i, o) in out.iter_mut().enumerate() {
            *o = f(self.0[i], other.0[i]);
        }
        Plain(out)
    }
}

impl Vector for Plain {
    const LANES: usize = 8;
    #[inline(always)]
    unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
        #[inline(never)]
        unsafe fn with_instructions<K: Kernel>(kernel: K) -> K::Output {
            // SAFETY: the caller has the instructions.
            unsafe { kernel.run::<Plain>() }
        }
        // SAFETY: the caller has the instructions.
        unsafe { with_instructions(kernel) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Plain([value; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is good for 8 numbers.
        Plain(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        let mut lanes = [0.0; 8];
        // SAFETY: the caller's pointer is good for n numbers, n ≤ 8.
        unsafe { std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), n) };
        Plain(lanes)
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's pointer is good for 8 numbers.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) };
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        // SAFETY: the caller's pointer is good for n numbers, n ≤ 8.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, n) };
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        self.zip(b, |a, b| a * b).zip(c, |ab, c| ab + c)
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        Plain(self.0.map(f32::sqrt))
    }
    #[inline(always)]
    unsafe fn equal_bits(self, other: Self) -> u16 {
        (0..8).fold(0, |bits, i| bits | (u16::from(self.0[i] == other.0[i]) << i))
    }
    #[inline(always)]
    unsafe fn positive_bits(self) -> u16 {
        (0..8).fold(0, |bits, i| bits | (u16::from(self.0[i] > 0.0) << i))
    }
    #[inline(always)]
    unsafe fn keep(self, bits: u16) -> Self {
        let mut lanes = self.0;
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = if bits >> i & 1 == 1 { *lane } else { 0.0 };
        }
        Plain(lanes)
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Kernel, Vector};

    /// 8 lanes, multiplication and addition in one.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256);

    /// −1 for each of the first n lanes, read from 8 − n on.
    static FIRST: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

    #[expect(clippy::undocumented_unsafe_blocks, reason = "each is the contract of the trait, word for word")]
    impl Vector for Avx2 {
        const LANES: usize = 8;
        #[inline(always)]
        unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
            #[target_feature(enable = "avx2,fma")]
            #[inline(never)]
            unsafe fn with_instructions<K: Kernel>(kernel: K) -> K::Output {
                // SAFETY: the caller has the instructions.
                unsafe { kernel.run::<Avx2>() }
            }
            // SAFETY: the caller has the instructions.
            unsafe { with_instructions(kernel) }
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Avx2(unsafe { _mm256_set1_ps(value) })
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Avx2(unsafe { _mm256_loadu_ps(from) })
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f32, n: usize) -> Self {
            debug_assert!(n <= 8);
            unsafe {
                if n == 8 {
                    return Avx2(_mm256_loadu_ps(from));
                }
                let mask = _mm256_loadu_si256(FIRST.as_ptr().add(8 - n).cast());
                Avx2(_mm256_maskload_ps(from, mask))
            }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm256_storeu_ps(to, self.0) };
        }
        #[inline(always)]
        unsafe fn store_first(self, to: *mut f32, n: usize) {
            // A masked store is dozens of micro-operations on some CPUs; four lanes are one.
            unsafe {
                if n == 8 {
                    _mm256_storeu_ps(to, self.0);
                } else if n == 4 {
                    _mm_storeu_ps(to, _mm256_castps256_ps128(self.0));
                } else {
                    let mut lanes = [0.0f32; 8];
                    _mm256_storeu_ps(lanes.as_mut_ptr(), self.0);
                    std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, n);
                }
            }
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            Avx2(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            Avx2(unsafe { _mm256_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            Avx2(unsafe { _mm256_sub_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            Avx2(unsafe { _mm256_mul_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            Avx2(unsafe { _mm256_max_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            Avx2(unsafe { _mm256_div_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sqrt(self) -> Self {
            Avx2(unsafe { _mm256_sqrt_ps(self.0) })
        }
        #[inline(always)]
        unsafe fn equal_bits(self, other: Self) -> u16 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0)) as u16 }
        }
        #[inline(always)]
        unsafe fn positive_bits(self) -> u16 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, _mm256_setzero_ps())) as u16 }
        }
        #[inline(always)]
        unsafe fn keep(self, bits: u16) -> Self {
            unsafe {
                let lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
                let set = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), lane);
                Avx2(_mm256_and_ps(self.0, _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lane))))
            }
        }
    }

    /// 16 lanes, and masks.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    /// A bit for each of the first n lanes.
    #[inline(always)]
    fn first(n: usize) -> __mmask16 {
        debug_assert!(n <= 16);
        ((1u32 << n) - 1) as __mmask16
    }

    #[expect(clippy::undocumented_unsafe_blocks, reason = "each is the contract of the trait, word for word")]
    impl Vector for Avx512 {
        const LANES: usize = 16;
        #[inline(always)]
        unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
            #[target_feature(enable = "avx512f,avx2,fma")]
            #[inline(never)]
            unsafe fn with_instructions<K: Kernel>(kernel: K) -> K::Output {
                // SAFETY: the caller has the instructions.
                unsafe { kernel.run::<Avx512>() }
            }
            // SAFETY: the caller has the instructions.
            unsafe { with_instructions(kernel) }
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Avx512(unsafe { _mm512_set1_ps(value) })
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Avx512(unsafe { _mm512_loadu_ps(from) })
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f32, n: usize) -> Self {
            unsafe {
                if n == 16 {
                    return Avx512(_mm512_loadu_ps(from));
                }
                Avx512(_mm512_maskz_loadu_ps(first(n), from))
            }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) };
        }
        #[inline(always)]
        unsafe fn store_first(self, to: *mut f32, n: usize) {
            unsafe {
                if n == 16 {
                    _mm512_storeu_ps(to, self.0);
                } else {
                    _mm512_mask_storeu_ps(to, first(n), self.0);
                }
            }
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            Avx512(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_sub_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_mul_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_max_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            Avx512(unsafe { _mm512_div_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sqrt(self) -> Self {
            Avx512(unsafe { _mm512_sqrt_ps(self.0) })
        }
        #[inline(always)]
        unsafe fn equal_bits(self, other: Self) -> u16 {
            unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0) }
        }
        #[inline(always)]
        unsafe fn positive_bits(self) -> u16 {
            unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, _mm512_setzero_ps()) }
        }
        #[inline(always)]
        unsafe fn keep(self, bits: u16) -> Self {
            Avx512(unsafe { _mm512_maskz_mov_ps(bits, self.0) })
        }
    }
}
