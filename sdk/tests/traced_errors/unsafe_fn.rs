use spanline::traced;

#[traced]
unsafe fn f() {}

fn main() {}
