//! The Collector's hash of trace ids, bit for bit.

use crate::TraceId;

/// What the Collector takes when no salt is set.
const DEFAULT_SALT: &str = "default-hash-seed";

/// Samples by FNV-1a (64 bits) over a salt and the trace id.
#[derive(Debug)]
pub(super) struct Hashed {
    /// The hash of the salt.
    salted: u64,
    /// The largest hash that is sampled.
    at_most: u64,
}

impl Hashed {
    /// An empty salt stands for the default one.
    pub(super) fn new(salt: &str, percentage: f64) -> Self {
        let salt = if salt.is_empty() { DEFAULT_SALT } else { salt };
        Self {
            salted: fnv(0xcbf2_9ce4_8422_2325, salt.as_bytes()),
            at_most: share_of_all(percentage / 100.0),
        }
    }

    pub(super) fn samples(&self, trace_id: TraceId) -> bool {
        fnv(self.salted, trace_id.as_bytes()) <= self.at_most
    }
}

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// This share of the largest hash, cut to a whole number. The Collector rounds the product to 64 significant bits before it
/// cuts; since a double has 53 that never changes the result.
fn share_of_all(ratio: f64) -> u64 {
    let bits = ratio.to_bits();
    let biased = (bits >> 52) as u32;
    if ratio >= 1.0 {
        return u64::MAX;
    }
    if ratio.is_nan() || ratio <= 0.0 || biased == 0 {
        return 0;
    }
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let product = mantissa * u128::from(u64::MAX);
    // Below 1, so at least 53 bits are cut.
    product.checked_shr(1075 - biased).unwrap_or_default() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_extended_precision() {
        // By exact fractions, rounded to 64 significant bits and then cut, in Python.
        for (percentage, expected) in [
            (-50.0, 0),
            (0.0, 0),
            (f64::MIN_POSITIVE, 0),
            (1e-18, 0),
            (1e-15, 0xb8),
            (0.001, 0xa7c5_ac47_1b47),
            (0.1, 0x0041_8937_4bc6_a7ef),
            (1.0, 0x028f_5c28_f5c2_8f5f),
            (10.0, 0x1999_9999_9999_99ff),
            (25.0, 0x3fff_ffff_ffff_ffff),
            (33.0, 0x547a_e147_ae14_7bff),
            (33.333333, 0x5555_5547_044b_6bff),
            (50.0, 0x7fff_ffff_ffff_ffff),
            (66.6, 0xaa7e_f9db_22d0_dfff),
            (99.9, 0xffbe_76c8_b439_5fff),
            (99.99999999999999, 0xffff_ffff_ffff_f7ff),
            (100.0, u64::MAX),
            (150.0, u64::MAX),
        ] {
            assert_eq!(share_of_all(percentage / 100.0), expected, "{percentage}");
        }
    }

    #[test]
    fn hashes_are_those_of_another_implementation() {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        for (text, expected) in [
            ("", OFFSET),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(fnv(OFFSET, text.as_bytes()), expected, "{text}");
        }
        // In Python, of salt and id at once.
        for (salt, id, hash) in [
            ("", "4bf92f3577b34da6a3ce929d0e0e4736", 0xa545_33ba_2e49_70b5),
            (
                "default-hash-seed",
                "4bf92f3577b34da6a3ce929d0e0e4736",
                0xa545_33ba_2e49_70b5,
            ),
            (
                "default-hash-seed",
                "00000000000000000000000000000001",
                0xe195_35ee_d1bb_aa8a,
            ),
            (
                "default-hash-seed",
                "0af7651916cd43dd8448eb211c80319c",
                0x33bf_83d4_5f51_634c,
            ),
            (
                "default-hash-seed",
                "ffffffffffffffffffffffffffffffff",
                0x17be_c373_9634_fe2d,
            ),
            (
                "test-salt",
                "4bf92f3577b34da6a3ce929d0e0e4736",
                0xabb7_bd9f_983c_d93c,
            ),
            (
                "test-salt",
                "00000000000000000000000000000001",
                0x8149_721e_6987_5e73,
            ),
            (
                "test-salt",
                "0af7651916cd43dd8448eb211c80319c",
                0xdf9c_aa2a_9f0d_52f1,
            ),
            (
                "test-salt",
                "ffffffffffffffffffffffffffffffff",
                0x49f7_0bce_2849_74b0,
            ),
            ("x", "4bf92f3577b34da6a3ce929d0e0e4736", 0xb25c_93ea_99b0_0c27),
            ("x", "ffffffffffffffffffffffffffffffff", 0x050a_7425_20ac_e0b7),
        ] {
            let id = TraceId::from_hex(id).unwrap();
            let mut hashed = Hashed::new(salt, 50.0);
            assert_eq!(hashed.samples(id), hash <= 0x7fff_ffff_ffff_ffff, "{salt} {id}");
            // A hash that equals the bound is sampled.
            hashed.at_most = hash;
            assert!(hashed.samples(id), "{salt} {id}");
            hashed.at_most = hash - 1;
            assert!(!hashed.samples(id), "{salt} {id}");
        }
    }
}
