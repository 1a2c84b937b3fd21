use spanline::traced;

struct Shop;

#[traced]
impl Shop {}

trait Pays {
    #[traced]
    fn pay(&self);
}

fn main() {}
