//! The first page, today and as of other days.

use jiff::{Span, Timestamp};
use standing_assess::AsOf;

use super::harness::Served;
use crate::serve::right::Role;

const AUDITOR: Option<Role> = Some(Role::Auditor);

fn day(days: i64) -> String {
    let today = AsOf::at(Timestamp::now()).date;
    today.saturating_add(Span::new().days(days)).to_string()
}

#[test]
fn the_first_page_says_what_is_wrong_with_denominators_and_leads_there() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let page = served.get(AUDITOR, "/");
    assert_eq!(page.status, 200, "{}", page.text);
    let way = now.today.items.iter().filter(|i| i.in_the_way()).count();
    let headline = format!(
        "<h1>Not ready: {way} of {} items that bind stand in the way</h1>",
        now.today.binding()
    );
    assert!(page.text.contains(&headline), "{}", page.text);
    assert_eq!(page.text.matches("<h1").count(), 1);
    for item in now.today.items.iter().filter(|i| i.in_the_way()) {
        let link = format!("href=\"/items/{}\">{0} ", item.item);
        assert!(page.text.contains(&link), "{link}");
    }
    assert!(page.text.contains("entra-partner"), "the silent source");
    assert!(!page.text.contains("style=\""), "refused by our own CSP");
    assert!(!page.text.contains("Back to today"));
}

#[test]
fn a_day_before_the_first_entry_knew_nothing() {
    let served = Served::demo();
    let page = served.get(AUDITOR, &format!("/?day={}", day(-310)));
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("nothing was known</h1>"),
        "{}",
        page.text
    );
    assert!(page.text.contains("Back to today"));
    assert!(!page.text.contains("id=\"way\""));
    assert!(page.text.contains(">shown here<"), "the drawing says where");
}

#[test]
fn a_day_to_come_is_a_forecast_and_says_what_it_supposes() {
    let served = Served::demo();
    let then = day(300);
    let page = served.get(AUDITOR, &format!("/?day={then}"));
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("A forecast for"), "{}", page.text);
    assert!(page.text.contains("nobody does anything else"));
    let judged = served.app.judged_on(then.parse().unwrap()).unwrap();
    let way = judged.assessment.items.iter().filter(|i| i.in_the_way());
    let way = way.count();
    let today = &served.app.snapshot().unwrap().today;
    let today = today.items.iter().filter(|i| i.in_the_way()).count();
    assert!(way > today, "statements have lapsed by then");
    let headline = format!(": not ready: {way} of ");
    assert!(page.text.contains(&headline), "{headline}");
}

#[test]
fn today_by_its_date_is_today() {
    let served = Served::demo();
    let page = served.get(
        AUDITOR,
        &format!("/?day={}", served.app.snapshot().unwrap().day()),
    );
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("Back to today"));
}

#[test]
fn what_is_no_day_or_too_far_away_is_refused() {
    let served = Served::demo();
    for wrong in ["soon", "2026-13-01", "%3Cscript%3E", &day(4 * 366)] {
        let page = served.get(AUDITOR, &format!("/?day={wrong}"));
        assert_eq!(page.status, 422, "{wrong}");
        assert!(!page.text.contains("<script>"), "{wrong}");
    }
}

#[test]
fn where_nothing_is_configured_the_page_teaches_the_first_steps() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[organisation]\nname = \"Test Firm\"\nprofile = \"company-3\"\n";
    crate::init::make(folder.path(), config, None).unwrap();
    let served = Served::of(folder);
    let page = served.get(AUDITOR, "/");
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Begin here"), "{}", page.text);
    let demo = Served::demo().get(AUDITOR, "/");
    assert!(!demo.text.contains("Begin here"));
}
