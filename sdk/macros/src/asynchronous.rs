//! Where the asynchronous part of a function lies.

use syn::{Expr, ExprAsync, Stmt};

/// The last expression of a body, when it is an `async` block: alone or in `Box::pin(...)`, as functions are written
/// that return a future, and as `async_trait` writes them.
pub(crate) fn last_block(statements: &mut [Stmt]) -> Option<&mut ExprAsync> {
    let Some(Stmt::Expr(last, None)) = statements.last_mut() else {
        return None;
    };
    match last {
        Expr::Async(block) => Some(block),
        Expr::Call(call) if is_box_pin(&call.func) && call.args.len() == 1 => match call.args.first_mut() {
            Some(Expr::Async(block)) => Some(block),
            _ => None,
        },
        _ => None,
    }
}

fn is_box_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    let mut last_two = path.path.segments.iter().rev().map(|segment| &segment.ident);
    last_two.next().is_some_and(|name| name == "pin") && last_two.next().is_some_and(|name| name == "Box")
}
