//! What stands in the parentheses of `#[traced(...)]`.

use crate::record::{Field, Recorded};
use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitBool, LitStr, Token, parenthesized};

const KINDS: &[&str] = &["Internal", "Server", "Client", "Producer", "Consumer"];
const KNOWN: &str = "`name = \"...\"`, `kind = Server`, `record(argument)`, `record_all`, `skip(argument)`, \
                     `fields(\"key\" = value)`, `err` or `err = false`";

/// The wishes of the user.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<Ident>,
    pub(crate) record: Vec<Recorded>,
    pub(crate) record_all: Option<Ident>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) fields: Vec<Field>,
    pub(crate) err: Option<bool>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            if input.peek(LitStr) {
                let name: LitStr = input.parse()?;
                if !seen.is_empty() {
                    return Err(Error::new(name.span(), "the name comes first"));
                }
                seen.push("name".to_owned());
                arguments.name = Some(name);
            } else {
                let word = input.call(Ident::parse_any)?;
                if seen.iter().any(|known| word == known) {
                    return Err(Error::new(word.span(), format!("`{word}` is given twice")));
                }
                seen.push(word.to_string());
                arguments.parse_one(&word, input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        arguments.check()?;
        Ok(arguments)
    }
}

impl Arguments {
    fn parse_one(&mut self, word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match word.to_string().as_str() {
            "name" => {
                input.parse::<Token![=]>()?;
                self.name = Some(input.parse()?);
            }
            "kind" => {
                input.parse::<Token![=]>()?;
                let kind: Ident = input.parse()?;
                if !KINDS.iter().any(|known| kind == known) {
                    let message = format!("the kind of a span is one of {}", KINDS.join(", "));
                    return Err(Error::new(kind.span(), message));
                }
                self.kind = Some(kind);
            }
            "record" => self.record = list(input)?,
            "record_all" => self.record_all = Some(word.clone()),
            "skip" => {
                let content;
                parenthesized!(content in input);
                let names =
                    Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any)?;
                self.skip = names.into_iter().collect();
            }
            "fields" => self.fields = list(input)?,
            "err" => {
                self.err = Some(if input.peek(Token![=]) {
                    input.parse::<Token![=]>()?;
                    input.parse::<LitBool>()?.value
                } else {
                    true
                });
            }
            _ => {
                let message = format!("`{word}` is not known here; known are {KNOWN}");
                return Err(Error::new(word.span(), message));
            }
        }
        Ok(())
    }

    fn check(&self) -> syn::Result<()> {
        if let (Some(all), Some(one)) = (&self.record_all, self.record.first()) {
            let message = format!("`{all}` records `{}` too; say one of both", one.name);
            return Err(Error::new(one.name.span(), message));
        }
        if let (None, Some(skipped)) = (&self.record_all, self.skip.first()) {
            let message = "arguments are not recorded unless `record` or `record_all` asks for it: \
                           `skip` goes with `record_all` only";
            return Err(Error::new(skipped.span(), message));
        }
        Ok(())
    }
}

fn list<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    Ok(items.into_iter().collect())
}
