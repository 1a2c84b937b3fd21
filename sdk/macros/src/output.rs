//! What the return type, as it is spelled, tells.

use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound, TypePath, parse_quote};

/// The type that a function returns.
pub(crate) fn of(output: &ReturnType) -> Type {
    match output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    }
}

/// `T` of a return type spelled `Pin<Box<dyn Future<Output = T>>>`, `Box<dyn Future<Output = T>>` or
/// `impl Future<Output = T>`.
pub(crate) fn of_future(output: &Type) -> Option<Type> {
    let bounds = match output {
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            let inner = arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            })?;
            return (last.ident == "Pin" || last.ident == "Box")
                .then(|| of_future(inner))
                .flatten();
        }
        Type::TraitObject(object) => &object.bounds,
        Type::ImplTrait(bounded) => &bounded.bounds,
        _ => return None,
    };
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => Some(output.ty.clone()),
            _ => None,
        })
    })
}

/// Whether the type is spelled `Result<..>` or `some::path::Result<..>`.
pub(crate) fn is_result(output: &Type) -> bool {
    match output {
        Type::Path(TypePath { path, .. }) => path.segments.last().is_some_and(|last| last.ident == "Result"),
        Type::Paren(inner) => is_result(&inner.elem),
        Type::Group(inner) => is_result(&inner.elem),
        _ => false,
    }
}

/// The type with `_` for each `impl Trait`, which cannot be named in a function's body.
pub(crate) fn nameable(mut output: Type) -> Type {
    struct Erase;
    impl VisitMut for Erase {
        fn visit_type_mut(&mut self, one: &mut Type) {
            if matches!(one, Type::ImplTrait(_)) {
                *one = parse_quote!(_);
            } else {
                visit_type_mut(self, one);
            }
        }
    }
    Erase.visit_type_mut(&mut output);
    output
}
