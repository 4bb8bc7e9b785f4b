//! A service that does nothing wrong and after 4 seconds loads a plugin with a Tokio of its own, which blocks from 6 seconds later on.
//! Expected: BlockingCall at `plugin::fetch`.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use workloads::Args;

fn main() {
    let args = workloads::start();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(4));
        let plugin = std::env::current_exe().expect("my own path").with_file_name("libplugin.so");
        let path = CString::new(plugin.as_os_str().as_bytes()).expect("a path without a zero");
        // SAFETY: the library is built from src/plugin.rs, where `serve` has this signature
        unsafe {
            let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW);
            assert!(!library.is_null(), "{} cannot be loaded", plugin.display());
            let serve = libc::dlsym(library, c"serve".as_ptr());
            assert!(!serve.is_null(), "the plugin has no function `serve`");
            let serve: extern "C" fn(u64, u64) = std::mem::transmute(serve);
            serve(args.block.as_millis() as u64, args.every.as_millis() as u64);
        }
    });
    workloads::serve(args, tick);
}

async fn tick(args: Args) {
    loop {
        tokio::time::sleep(args.every).await;
    }
}
