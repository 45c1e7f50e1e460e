//! YAML as a tree, with limits against documents that grow when they are read.

use serde_json::Value;

/// Reads one document.
///
/// # Errors
/// A sentence that begins behind the file's name, with a place and without contents.
pub(super) fn read(bytes: &[u8]) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_depth: 64,
            max_documents: 1,
            max_nodes: 100_000,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: 1_000,
        },
    };
    serde_saphyr::from_slice_with_options(bytes, options).map_err(|error| {
        let line = error
            .location()
            .map(|l| format!(" from line {} on", l.line()));
        let line = line.unwrap_or_default();
        format!("cannot be read{line}: malformed, several documents, or too many aliases")
    })
}
