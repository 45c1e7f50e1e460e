//! Every route with every role and with none.

use super::harness::Served;
use crate::serve::right::{Access, Role};
use crate::serve::routes::all;

#[test]
fn nobody_comes_in_where_the_route_does_not_say_so() {
    let served = Served::demo();
    for route in all() {
        let path = route.path.replace('{', "").replace('}', "");
        if route.method != "GET" {
            continue;
        }
        let nobody = served.get(None, &path);
        if route.access != Access::Public {
            assert!(
                [303, 401].contains(&nobody.status),
                "{path}: {}",
                nobody.status
            );
        }
        let owner = served.get(Some(Role::Owner), &path);
        assert!(
            owner.status < 500,
            "{path}: {} {}",
            owner.status,
            owner.text
        );
    }
}
