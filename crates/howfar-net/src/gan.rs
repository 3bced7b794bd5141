//! The two generators of faces: StarGAN, which changes a face's expression, and StyleGAN2, which draws new people.

pub mod operations;
