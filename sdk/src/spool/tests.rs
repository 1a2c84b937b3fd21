use super::create::{allocate, create, own_folder};
use super::left::{Left, Look};
use spanline_engine::spool::Header;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("spanline-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn header() -> Header {
    Header {
        pid: 1,
        host: "h".to_owned(),
        exporters: vec!["out".to_owned()],
        resource: Vec::new(),
    }
}

#[test]
fn a_disk_without_room_is_not_filled() {
    let folder = Folder::new("room");
    let file = File::create(folder.0.join("file")).unwrap();
    assert!(allocate(&file, 1 << 55).unwrap_err().contains("are not free"));
    assert_eq!(file.metadata().unwrap().len(), 0);
    allocate(&file, 1 << 16).unwrap();
}

#[test]
fn a_file_that_was_not_kept_goes() {
    let folder = Folder::new("kept");
    let own = own_folder(&folder.0).unwrap();
    let count = || std::fs::read_dir(&own).unwrap().count();
    let (file, _region) = create(&own, &header(), 1 << 20).unwrap();
    assert_eq!(count(), 1);
    drop(file);
    assert_eq!(count(), 0);
    let (mut file, _region) = create(&own, &header(), 1 << 20).unwrap();
    file.keep();
    drop(file);
    assert_eq!(count(), 1);
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

/// The lock is the parent's: a child that lives on keeps nobody from adopting the file.
#[test]
fn a_child_holds_no_lock_of_its_parent() {
    let folder = Folder::new("child");
    let own = own_folder(&folder.0).unwrap();
    let (mut file, region) = create(&own, &header(), 1 << 20).unwrap();
    file.keep();
    let path = only_file(&own);
    assert!(matches!(Left::open(&path, &["out"]), Look::Taken));
    let (mut here, mut there) = std::os::unix::net::UnixStream::pair().unwrap();
    let looked = std::thread::scope(|threads| {
        // Waits for the child, which waits for us.
        let child = threads.spawn(|| {
            crate::fork::tests::in_child(|| {
                use std::io::{Read, Write};
                let _ = there.write_all(b"r");
                let _ = there.read(&mut [0]);
                0
            })
        });
        use std::io::{Read, Write};
        here.read_exact(&mut [0]).unwrap();
        drop((file, region));
        // Nothing is in it, so whoever can lock it deletes it.
        let looked = matches!(Left::open(&path, &["out"]), Look::Empty);
        here.write_all(b"g").unwrap();
        assert_eq!(child.join().unwrap(), 0);
        looked
    });
    assert!(looked && !path.exists());
}
