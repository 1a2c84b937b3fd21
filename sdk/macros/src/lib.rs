//! The `#[traced]` attribute; use it as `spanline::traced`, where it is described.

mod arguments;
mod asynchronous;
mod expand;
mod output;
mod record;

use proc_macro::TokenStream;

/// See `spanline::traced`.
#[proc_macro_attribute]
pub fn traced(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match expand::expand(arguments.into(), item.clone().into()) {
        Ok(traced) => traced.into(),
        // The function stays, so that nothing else is said to be missing.
        Err(error) => [TokenStream::from(error.into_compile_error()), item]
            .into_iter()
            .collect(),
    }
}
