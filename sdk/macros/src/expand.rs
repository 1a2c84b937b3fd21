//! The function that `#[traced]` makes of the one that was written.

use crate::arguments::Arguments;
use crate::{asynchronous, output, record};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Error, ItemFn, LitStr, Signature, Stmt, Type, parse_quote};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut function: ItemFn =
        syn::parse2(item.clone()).map_err(|_| Error::new_spanned(first(&item), WRONG_PLACE))?;
    check(&function.sig)?;
    let arguments: Arguments = syn::parse2(arguments)?;
    let span = start_span(&arguments, &function.sig)?;
    let here = here();
    let here: Stmt = parse_quote!(fn #here() {});
    let output = output::of(&function.sig.output);
    let err = |output: &Type| arguments.err.unwrap_or_else(|| output::is_result(output));
    let statements = &mut function.block.stmts;
    if function.sig.asyncness.is_some() {
        let future = traced_future(&span, statements, &output, err(&output));
        *statements = parse_quote!(#here #future.await);
    } else if let Some(block) = asynchronous::last_block(statements) {
        let output = output::of_future(&output).unwrap_or_else(|| parse_quote!(_));
        let future = traced_future(&span, &block.block.stmts, &output, err(&output));
        block.block.stmts = parse_quote!(#future.await);
        statements.insert(0, here);
    } else {
        let (entered, result, error) = (local("entered"), local("result"), local("error"));
        let failed = failed(&quote!(#error), &quote!(&#entered));
        let by_type = by_type();
        let enter = quote!(let #entered = ::spanline::__private::Entered::new(#span););
        *statements = if err(&output) {
            let output = output::nameable(output);
            parse_quote! {
                #here
                #enter
                let #result = ::spanline::__private::call(move || -> #output { #(#statements)* });
                #by_type
                if let ::core::result::Result::Err(#error) = &#result {
                    #failed
                }
                #result
            }
        } else {
            parse_quote!(#here #enter #(#statements)*)
        };
    }
    Ok(function.into_token_stream())
}

const WRONG_PLACE: &str = "#[traced] goes on a function or method with a body";

/// The first token of what is not a function: the whole of it would underline pages.
fn first(item: &TokenStream) -> TokenStream {
    item.clone().into_iter().take(1).collect()
}

fn check(signature: &Signature) -> syn::Result<()> {
    if let Some(token) = &signature.constness {
        let message = "a `const fn` cannot be traced: it may run in the compiler";
        return Err(Error::new_spanned(token, message));
    }
    if let Some(token) = &signature.unsafety {
        let message = "an `unsafe fn` cannot be traced: its body would move out of sight of its contract; \
                       trace a safe function around it";
        return Err(Error::new_spanned(token, message));
    }
    if let Some(token) = &signature.variadic {
        return Err(Error::new_spanned(token, "a variadic function cannot be traced"));
    }
    Ok(())
}

/// A name that the user's code cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// An expression: the span, started.
fn start_span(arguments: &Arguments, signature: &Signature) -> syn::Result<TokenStream> {
    let attributes = record::attributes(arguments, signature)?;
    let function = signature.ident.unraw();
    let name = arguments
        .name
        .clone()
        .unwrap_or_else(|| LitStr::new(&function.to_string(), function.span()));
    let kind = arguments
        .kind
        .clone()
        .unwrap_or_else(|| Ident::new("Internal", Span::call_site()));
    let (attribute, here, by_type) = (local("attribute"), here(), by_type());
    Ok(quote! {{
        #by_type
        static __SPANLINE: ::spanline::__private::Callsite = ::spanline::__private::Callsite::new(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
        );
        __SPANLINE.traced(#name, ::spanline::SpanKind::#kind, |#attribute| #attribute(&[
            ("code.function.name", ::spanline::__private::function_name(&#here).into()),
            #(#attributes),*
        ]))
    }})
}

/// A function beside the user's code whose path tells that of the traced one. Items are not hidden as locals are.
fn here() -> Ident {
    Ident::new("__spanline_here", Span::mixed_site())
}

/// Brings the methods into scope that the type of a value or an error chooses from.
fn by_type() -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use ::spanline::__private::by_type::*;
    }
}

/// An expression: the future of these statements, whose value has this type, in its span.
fn traced_future(span: &TokenStream, statements: &[Stmt], output: &Type, err: bool) -> TokenStream {
    let (name, result, error, in_span) = (local("span"), local("result"), local("error"), local("in_span"));
    let output = output::nameable(output.clone());
    let hint = match &output {
        Type::Infer(_) => None,
        // An `async` block does not learn its type from what surrounds it.
        _ => Some(quote! {
            #[allow(unreachable_code, clippy::all)]
            if false {
                let #result: #output = loop {};
                return #result;
            }
        }),
    };
    let report = if err {
        let (failed, by_type) = (failed(&quote!(#error), &quote!(#in_span)), by_type());
        quote! {
            |#result: &#output, #in_span| {
                #by_type
                if let ::core::result::Result::Err(#error) = #result {
                    #failed
                }
            }
        }
    } else {
        quote!(|_, _| {})
    };
    quote! {{
        let #name = #span;
        ::spanline::__private::TracedFuture::new(#name, async move { #hint #(#statements)* }, #report)
    }}
}

/// A statement: tells the span of the error. The type of the error chooses among the methods named `report`; each `&`
/// allows one more.
fn failed(error: &TokenStream, span: &TokenStream) -> TokenStream {
    quote!((&&&&&::spanline::__private::Failed(#error)).report(#span);)
}
