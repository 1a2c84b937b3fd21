//! What is said of a wrong `#[traced]`.

#[test]
fn errors_name_the_way_out() {
    trybuild::TestCases::new().compile_fail("tests/traced_errors/*.rs");
}
