//! The API under `/api/v1`.

use super::right::{Access, Right};
use super::routes::Route;
use super::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get(
    "/api/v1/standing",
    Access::With(Right::Read),
    standing,
)];

fn standing(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    Ok(Reply::json(&crate::status::to_json(
        &now.home, &now.terms, &now.today, &now.then,
    )))
}
