use spanline::traced;

#[traced]
const fn f() {}

fn main() {}
