//! The exponential function, which `core` does not have.

/// `e^x` to about 15 digits, the same on every platform; 0 and infinity beyond what a double can hold.
pub(super) fn exp(x: f64) -> f64 {
    use core::f64::consts::LOG2_E;
    // ln 2 in two parts, so that the difference below loses nothing.
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    if x.is_nan() {
        return x;
    }
    if x > 709.0 {
        return f64::INFINITY;
    }
    if x < -708.0 {
        return 0.0;
    }
    let half = if x < 0.0 { -0.5 } else { 0.5 };
    let power = (x * LOG2_E + half) as i64;
    let rest = x - power as f64 * HIGH - power as f64 * LOW;
    // Taylor's series; the rest is at most 0.35.
    let mut sum = 1.0;
    for n in (1..=13).rev() {
        sum = 1.0 + sum * rest / f64::from(n);
    }
    sum * f64::from_bits(((1023 + power) as u64) << 52)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_the_standard_library() {
        let mut x = -700.0;
        while x < 700.0 {
            let expected = f64::exp(x);
            assert!(
                (exp(x) / expected - 1.0).abs() < 1e-13,
                "{x}: {} {expected}",
                exp(x)
            );
            x += 0.37;
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!((exp(-800.0), exp(800.0)), (0.0, f64::INFINITY));
        assert!(exp(f64::NAN).is_nan());
    }
}
