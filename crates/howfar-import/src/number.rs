//! The kinds of numbers that tensors of other programs hold, and each as a 32-bit float.
//!
//! In: bytes, lowest first. Out: floats. Knows no tensors.

use half::f16;
use serde::Serialize;

/// How a number is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberKind {
    /// 64-bit float.
    Float64,
    /// 32-bit float.
    Float32,
    /// 16-bit float, 11 significant bits.
    Float16,
    /// 16-bit float, 8 significant bits.
    BFloat16,
    /// 64-bit integer.
    Int64,
    /// 32-bit integer.
    Int32,
    /// 16-bit integer.
    Int16,
    /// 8-bit integer.
    Int8,
    /// 8-bit integer without sign.
    UInt8,
    /// 0 or 1 in a byte.
    Bool,
}

impl NumberKind {
    /// The kind that a storage class of PyTorch holds.
    pub(crate) fn of_storage(name: &str) -> Option<Self> {
        Some(match name.strip_suffix("Storage")? {
            "Double" => Self::Float64,
            "Float" => Self::Float32,
            "Half" => Self::Float16,
            "BFloat16" => Self::BFloat16,
            "Long" => Self::Int64,
            "Int" => Self::Int32,
            "Short" => Self::Int16,
            "Char" => Self::Int8,
            "Byte" => Self::UInt8,
            "Bool" => Self::Bool,
            _ => return None,
        })
    }

    /// The kind by the name of PyTorch's type.
    pub(crate) fn of_type(name: &str) -> Option<Self> {
        const ALL: [NumberKind; 10] = [
            NumberKind::Float64,
            NumberKind::Float32,
            NumberKind::Float16,
            NumberKind::BFloat16,
            NumberKind::Int64,
            NumberKind::Int32,
            NumberKind::Int16,
            NumberKind::Int8,
            NumberKind::UInt8,
            NumberKind::Bool,
        ];
        ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// `float32`, `int64` …
    pub fn name(self) -> &'static str {
        match self {
            Self::Float64 => "float64",
            Self::Float32 => "float32",
            Self::Float16 => "float16",
            Self::BFloat16 => "bfloat16",
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Int16 => "int16",
            Self::Int8 => "int8",
            Self::UInt8 => "uint8",
            Self::Bool => "bool",
        }
    }

    /// Bytes of a number.
    pub fn n_bytes(self) -> usize {
        match self {
            Self::Float64 | Self::Int64 => 8,
            Self::Float32 | Self::Int32 => 4,
            Self::Float16 | Self::BFloat16 | Self::Int16 => 2,
            Self::Int8 | Self::UInt8 | Self::Bool => 1,
        }
    }

    /// The number in the first bytes of `bytes`, rounded to 32 bits.
    pub(crate) fn read(self, bytes: &[u8]) -> f32 {
        match self {
            Self::Float64 => f64::from_le_bytes(first(bytes)) as f32,
            Self::Float32 => f32::from_le_bytes(first(bytes)),
            Self::Float16 => f16::from_le_bytes(first(bytes)).to_f32(),
            Self::BFloat16 => f32::from_bits(u32::from(u16::from_le_bytes(first(bytes))) << 16),
            Self::Int64 => i64::from_le_bytes(first(bytes)) as f32,
            Self::Int32 => i32::from_le_bytes(first(bytes)) as f32,
            Self::Int16 => f32::from(i16::from_le_bytes(first(bytes))),
            Self::Int8 => f32::from(i8::from_le_bytes(first(bytes))),
            Self::UInt8 | Self::Bool => f32::from(bytes[0]),
        }
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("a tensor's places lie within its storage")
}
