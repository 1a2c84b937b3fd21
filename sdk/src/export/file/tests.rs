use super::super::folder::Folder;
use super::*;
use spanline_core::wire::otlp::{SpanParts, framed_len, write_frame};
use spanline_core::{SpanId, TraceId};
use std::sync::Arc;

/// A request with one span of this name.
fn request_of(name: &str) -> Vec<u8> {
    let mut parts = SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    parts.name = name;
    let mut body = vec![0; parts.encoded_len()];
    parts.write_to(&mut body);
    for tag in [0x12, 0x12, 0x0a] {
        let mut outer = vec![0; framed_len(body.len())];
        let at = write_frame(&mut outer, 0, tag, body.len());
        outer[at..].copy_from_slice(&body);
        body = outer;
    }
    body
}

fn exporter(path: &Path, rotation: Option<(u64, u64)>) -> FileExporter {
    FileExporter::new(
        "file",
        FileTarget::File {
            path: path.to_owned(),
            rotation: rotation.map(|(max_bytes, max_files)| Rotation { max_bytes, max_files }),
        },
    )
}

fn write(exporter: &FileExporter, name: &str) -> io::Result<()> {
    exporter.write(&mut exporter.state.lock().unwrap(), &request_of(name))
}

/// The names of the spans in a file, a line each.
fn names(path: &Path) -> Vec<String> {
    let Ok(text) = fs::read_to_string(path) else {
        return Vec::new();
    };
    assert!(text.ends_with('\n'), "{text:?}");
    text.lines().map(name).collect()
}

fn name(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let span = &line["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], "01".repeat(16));
    span["name"].as_str().unwrap().to_owned()
}

#[test]
fn lines_are_appended_and_a_moved_file_is_made_anew() {
    let folder = Folder::new();
    let path = folder.path("spans.jsonl");
    let first = exporter(&path, None);
    write(&first, "a").unwrap();
    write(&first, "b \" \n c").unwrap();
    write(&exporter(&path, None), "d").unwrap();
    assert_eq!(names(&path), ["a", "b \" \n c", "d"]);
    if cfg!(unix) {
        fs::rename(&path, folder.path("moved")).unwrap();
        write(&first, "e").unwrap();
        fs::remove_file(&path).unwrap();
        write(&first, "f").unwrap();
        assert_eq!(
            (names(&folder.path("moved")).len(), names(&path)),
            (3, vec!["f".to_owned()])
        );
    }
}

#[test]
fn files_are_rotated_by_size() {
    let folder = Folder::new();
    let path = folder.path("spans.jsonl");
    let numbered = |number: u32| folder.path(format!("spans.jsonl.{number}"));
    let line = {
        write(&exporter(&path, None), "0").unwrap();
        fs::metadata(&path).unwrap().len()
    };
    // Two lines a file, three files.
    let rotating = exporter(&path, Some((2 * line, 3)));
    for number in 1..8 {
        write(&rotating, &number.to_string()).unwrap();
    }
    assert_eq!(names(&path), ["6", "7"]);
    assert_eq!(names(&numbered(1)), ["4", "5"]);
    assert_eq!(names(&numbered(2)), ["2", "3"]);
    assert!(!numbered(3).exists());
    // One that was closed meanwhile, and a line that is too large for any file.
    let rotating = exporter(&path, Some((2 * line, 3)));
    write(&rotating, &"x".repeat(500)).unwrap();
    write(&rotating, "8").unwrap();
    assert_eq!(names(&path), ["8"]);
    assert_eq!(names(&numbered(1)), ["x".repeat(500)]);
    assert_eq!(names(&numbered(2)), ["6", "7"]);
    // One file alone.
    let rotating = exporter(&path, Some((1, 1)));
    write(&rotating, "9").unwrap();
    write(&rotating, "10").unwrap();
    assert_eq!(names(&path), ["10"]);
    assert_eq!(names(&numbered(1)), ["x".repeat(500)], "not touched");
}

#[test]
fn several_writers_tear_no_line_and_lose_none_while_they_rotate() {
    let folder = Folder::new();
    let path = Arc::new(folder.path("spans.jsonl"));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                let exporter = exporter(&path, Some((40_000, 1_000)));
                for number in 0..200 {
                    let long = "z".repeat(number * 10);
                    write(&exporter, &format!("{writer}-{number}-{long}")).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let mut all = Vec::new();
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        all.extend(names(&file.unwrap().path()));
    }
    all.sort();
    let total = all.len();
    all.dedup();
    assert_eq!((all.len(), total), (800, 800));
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let folder = Folder::new();
    let nowhere = write(&exporter(&folder.path("no/such/folder"), None), "a").unwrap_err();
    assert!(!may_pass(&nowhere), "{nowhere}");
    let folder_itself = write(&exporter(&folder.path(""), None), "a").unwrap_err();
    assert!(!may_pass(&folder_itself), "{folder_itself}");
    if Path::new("/dev/full").exists() {
        let full = write(&exporter(Path::new("/dev/full"), None), "a").unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        assert!(may_pass(&full));
    }
}

#[test]
fn a_torn_line_is_ended_before_the_next() {
    let folder = Folder::new();
    let path = folder.write("spans.jsonl", "{\"resourceSp");
    let exporter = exporter(&path, None);
    exporter.state.lock().unwrap().torn = true;
    write(&exporter, "a").unwrap();
    write(&exporter, "b").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "{\"resourceSp");
    assert_eq!([name(lines[1]), name(lines[2])], ["a", "b"]);
}
