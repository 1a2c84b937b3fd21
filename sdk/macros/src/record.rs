//! What is recorded as attributes: arguments of the function and further expressions.

use crate::arguments::Arguments;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Expr, FnArg, LitStr, Pat, Signature, Token};

/// How a value becomes an attribute.
#[derive(Clone, Copy)]
enum How {
    /// As the value that it is, else by `Debug`.
    Value,
    /// `?`: the text that `Debug` makes of it.
    Debug,
    /// `%`: the text that `Display` makes of it.
    Display,
}

impl Parse for How {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.parse::<Option<Token![?]>>()?.is_some() {
            Ok(Self::Debug)
        } else if input.parse::<Option<Token![%]>>()?.is_some() {
            Ok(Self::Display)
        } else {
            Ok(Self::Value)
        }
    }
}

/// An argument to record.
pub(crate) struct Recorded {
    pub(crate) name: Ident,
    how: How,
}

impl Parse for Recorded {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let how = input.parse()?;
        let name = input.call(Ident::parse_any)?;
        Ok(Self { name, how })
    }
}

/// `"key" = expression`.
pub(crate) struct Field {
    key: LitStr,
    how: How,
    value: Expr,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key: LitStr = input.parse()?;
        if key.value().is_empty() {
            return Err(Error::new(key.span(), "an attribute needs a name"));
        }
        input.parse::<Token![=]>()?;
        Ok(Self {
            key,
            how: input.parse()?,
            value: input.parse()?,
        })
    }
}

/// The elements of a slice of attributes, as `("key", value)`.
pub(crate) fn attributes(arguments: &Arguments, signature: &Signature) -> syn::Result<Vec<TokenStream>> {
    let known = names(signature);
    let unknown = |name: &Ident| {
        let message = format!("`{}` has no argument `{name}`", signature.ident);
        Error::new(name.span(), message)
    };
    let asked: Vec<&Ident> = arguments.record.iter().map(|one| &one.name).collect();
    for name in asked.iter().copied().chain(&arguments.skip) {
        if !known.contains(name) {
            return Err(unknown(name));
        }
    }
    let mut all: Vec<TokenStream> = match arguments.record_all {
        Some(_) => known
            .iter()
            .filter(|name| *name != "self" && !arguments.skip.contains(name))
            .map(|name| argument(name, How::Value))
            .collect(),
        None => arguments
            .record
            .iter()
            .map(|recorded| argument(&recorded.name, recorded.how))
            .collect(),
    };
    all.extend(arguments.fields.iter().map(|field| {
        let (key, value) = (&field.key, &field.value);
        attribute(&quote!(#key), value.span(), &quote!(#value), field.how)
    }));
    Ok(all)
}

fn argument(name: &Ident, how: How) -> TokenStream {
    let key = name.unraw().to_string();
    attribute(&quote!(#key), name.span(), &quote!(#name), how)
}

/// The expression of one attribute. What it makes lives as long as the statement that it stands in.
fn attribute(key: &TokenStream, at: Span, value: &TokenStream, how: How) -> TokenStream {
    let private = quote!(::spanline::__private);
    let at = Span::mixed_site().located_at(at);
    let value = match how {
        // The type of the argument chooses among the methods named `recorded`; each `&` allows one more.
        How::Value => quote_spanned!(at=> (&&&&#private::Recorded(&(#value))).recorded().value()),
        How::Debug => quote_spanned!(at=> #private::Text::debug(&(#value)).value()),
        How::Display => quote_spanned!(at=> #private::Text::display(&(#value)).value()),
    };
    quote!((#key, #value))
}

/// The names of the arguments, those inside patterns included.
fn names(signature: &Signature) -> Vec<Ident> {
    let mut names = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => names.push(Ident::new("self", receiver.self_token.span())),
            FnArg::Typed(argument) => collect(&argument.pat, &mut names),
        }
    }
    names
}

fn collect(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(name) => names.push(name.ident.clone()),
        Pat::Paren(inner) => collect(&inner.pat, names),
        Pat::Reference(inner) => collect(&inner.pat, names),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| collect(&field.pat, names)),
        Pat::Tuple(parts) => parts.elems.iter().for_each(|part| collect(part, names)),
        Pat::TupleStruct(parts) => parts.elems.iter().for_each(|part| collect(part, names)),
        Pat::Slice(parts) => parts.elems.iter().for_each(|part| collect(part, names)),
        Pat::Type(typed) => collect(&typed.pat, names),
        _ => {}
    }
}
