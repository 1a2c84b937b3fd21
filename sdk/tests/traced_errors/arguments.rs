#![allow(unused)]
use spanline::traced;
#[traced(nmae = "x")]
fn unknown() {}

#[traced(kind = Sever)]
fn kind() {}

#[traced(record(b))]
fn no_such_argument(a: u8) {}

#[traced(skip(a))]
fn nothing_to_skip(a: u8) {}

#[traced(record_all, record(a))]
fn both(a: u8) {}

#[traced(err, err = false)]
fn twice() {}

#[traced(kind = Server, "late")]
fn late_name() {}

#[traced(fields("" = 1))]
fn nameless() {}

fn main() {}
